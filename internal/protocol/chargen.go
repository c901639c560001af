package protocol

import (
	"strings"

	"rtevent"
)

// chargen sends lines of 72 printable characters in the order of ASCII, each of them begun one further (RFC 864).
var chargen = Def{
	Name:     "chargen",
	Ports:    []uint16{19},
	Greets:   true,
	Datagram: "\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		first, rest, ok := cutLine(reply)
		if !ok || !chargenLine(first) {
			return nothing()
		}
		if second, _, ok := cutLine(rest); ok && (!chargenLine(second) || second[:71] != first[1:]) {
			return nothing()
		}
		return strong("chargen", "72 characters in their order", first), true
	},
}

// chargenLine tells 72 characters in the order of the printable ones, the first after the last.
func chargenLine(line string) bool {
	const ring = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	return len(line) == 72 && strings.Contains(ring+ring, line)
}
