package protocol

import (
	"rtevent"
)

// telnet greets with commands that negotiate options (RFC 854): IAC, a verb, an option.
var telnet = Def{
	Name:         "telnet",
	SecureClaims: []string{"telnets"},
	Ports:        []uint16{23, 2323},
	SecurePorts:  []uint16{992},
	Programs:     []Program{{"telnetd", ""}, {"in.telnetd", ""}, {"utelnetd", "utelnetd"}},
	Greets:       true,
	Read: func(reply string) (rtevent.Finding, bool) {
		const (
			iac, will, dont = 0xff, 0xfb, 0xfe
			lastOption      = 49 // of those that the registry of Telnet options lists in a row
		)
		n := 0
		c := cursor{rest: reply}
		for c.more() && c.rest[0] == iac {
			c.take(1)
			verb, option := c.u8(), c.u8()
			if c.spent || verb < will || verb > dont || option > lastOption {
				break
			}
			n++
		}
		switch {
		case n >= 2:
			return strong("telnet", "commands that negotiate options", reply), true
		case n == 1:
			return weak("telnet", "a command that negotiates an option", reply), true
		}
		return nothing()
	},
}
