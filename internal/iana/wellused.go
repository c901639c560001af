// This file picks the ports where something is likely to be found.

package iana

import (
	"slices"
	"strings"

	"rtevent"
)

// WellUsed lists the ports, in ascending order, on which software of today is known to listen by default and an
// independent source knows the same.
func WellUsed(t rtevent.Transport) []uint16 {
	var ports []uint16
	for line := range strings.Lines(practice) {
		cells := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(cells) < 3 || cells[1] != letter(t) {
			continue
		}
		port, _ := parsePorts(cells[0])
		if u := parseUse(cells[2]); port != NoPort && !u.historical && u.corroborated != "" {
			ports = append(ports, uint16(port))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}
