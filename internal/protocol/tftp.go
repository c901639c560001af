package protocol

import (
	"rtevent"
)

// tftp is asked for a file that nobody has (RFC 1350); the answer is an error, from a port of its own.
var tftp = Def{
	Name:     "tftp",
	Ports:    []uint16{69},
	Programs: []Program{{"in.tftpd", "tftpd-hpa"}, {"atftpd", "atftpd"}},
	Roams:    true,
	Datagram: "\x00\x01rtevent-asks-who-is-there\x00octet\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		const errorPacket = 5
		c := cursor{rest: reply}
		kind, code, message := c.big(2), c.big(2), c.zero()
		if c.spent || c.rest != "" || kind != errorPacket || code > 8 || message != "" && !allOf(message, isPrint) {
			return nothing()
		}
		f := strong("tftp", "an error of TFTP", reply)
		f.Details = details("message", message)
		return f, true
	},
}
