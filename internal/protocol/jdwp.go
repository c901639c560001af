package protocol

import (
	"rtevent"
)

// jdwp is never asked: whoever says its handshake has attached a debugger, and there is room for one. Its answer is the
// same fourteen letters.
var jdwp = Def{
	Name:  "jdwp",
	Ports: []uint16{5005, 8787},
	Read: func(reply string) (rtevent.Finding, bool) {
		if reply != "JDWP-Handshake" {
			return nothing()
		}
		return strong("jdwp", "its handshake", reply), true
	},
}
