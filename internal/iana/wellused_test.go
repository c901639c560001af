package iana

import (
	"slices"
	"testing"

	"rtevent"
)

func TestWellUsed(t *testing.T) {
	for transport, in := range map[rtevent.Transport][]uint16{rtevent.TCP: {22, 80, 443, 3306, 5432, 6379}, rtevent.UDP: {53, 123, 161}} {
		ports := WellUsed(transport)
		if len(ports) < 100 || len(ports) > 600 || !slices.IsSorted(ports) {
			t.Errorf("%s: %d ports, sorted %t; want a few hundred", transport, len(ports), slices.IsSorted(ports))
		}
		for _, port := range in {
			if !slices.Contains(ports, port) {
				t.Errorf("%d/%s is not among them", port, transport)
			}
		}
		if slices.Contains(ports, 3706) {
			t.Errorf("3706/%s, a ghost, is among them", transport)
		}
	}
}
