package protocol

import (
	"strings"

	"rtevent"
)

// asterisk greets managers with the version of its interface, not its own (https://docs.asterisk.org, "Asterisk Manager
// Interface").
var asterisk = Def{
	Name:        "asterisk-manager",
	Ports:       []uint16{5038},
	SecurePorts: []uint16{5039},
	Programs:    []Program{{"asterisk", "Asterisk"}},
	Greets:      true,
	Bye:         "Action: Logoff\r\n\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		version, says := strings.CutPrefix(line, "Asterisk Call Manager/")
		if !ok || !says || !isVersion(version) {
			return nothing()
		}
		f := strong("asterisk-manager", "greeting of Asterisk's manager", line)
		f.Product = "Asterisk"
		f.Details = details("protocol", version)
		return f, true
	},
}
