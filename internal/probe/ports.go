package probe

import (
	"slices"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/protocol"
	"rtevent/internal/sweep"
)

// Usual are the ports to look at when the user names none: where software of today is known to listen by default, and
// where the protocols that we know are usual. Ports whose server takes one client and no other are left alone.
func Usual(t rtevent.Transport) sweep.Ports {
	ports := iana.WellUsed(t)
	for _, d := range protocol.All {
		if t == rtevent.TCP && (d.Hello != "" || d.Greets) || t == rtevent.UDP && d.Datagram != "" {
			ports = slices.Concat(ports, d.Ports, d.SecurePorts)
		}
	}
	var ranges []sweep.Range
	for _, port := range ports {
		if !identify.ServesOne(t, port) {
			ranges = append(ranges, sweep.Range{First: port, Last: port})
		}
	}
	return sweep.NewPorts(ranges...)
}
