package protocol

import (
	"strings"

	"rtevent"
)

// freeswitch asks whoever connects to its event socket for a password, or shows them the door
// (https://developer.signalwire.com/freeswitch/, mod_event_socket).
var freeswitch = Def{
	Name:     "freeswitch-event",
	Ports:    []uint16{8021},
	Programs: []Program{{"freeswitch", "FreeSWITCH"}},
	Greets:   true,
	Bye:      "exit\n\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		const (
			asks    = "Content-Type: auth/request\n\n"
			refuses = "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
		)
		var f rtevent.Finding
		switch {
		case strings.HasPrefix(reply, asks):
			f = strong("freeswitch-event", "asks for a password as FreeSWITCH does", asks)
			f.Details = details("auth", "required")
		case strings.HasPrefix(reply, refuses):
			f = strong("freeswitch-event", "refuses as FreeSWITCH does", refuses)
		default:
			return nothing()
		}
		f.Product = "FreeSWITCH"
		return f, true
	},
}
