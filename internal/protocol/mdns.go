package protocol

import (
	"strings"

	"rtevent"
)

// mdns is asked which kinds of services there are (RFC 6763, section 9), in a query that wants its answer for itself.
var mdns = Def{
	Name:     "mdns",
	Ports:    []uint16{5353},
	Programs: []Program{{"avahi-daemon", "Avahi"}, {"mDNSResponder", "mDNSResponder"}, {"mdnsd", ""}},
	Datagram: "rm\x00\x00" + "\x00\x01\x00\x00\x00\x00\x00\x00" + mdnsServices + "\x00\x0c\x80\x01",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		id, flags, questions, answers := c.take(2), c.big(2), c.big(2), c.big(2)
		c.take(4)
		const authoritativeAnswer = 0x8400 // and nothing else: names of one's own need no recursion
		if c.spent || id != "rm" || flags != authoritativeAnswer || questions > 1 || answers == 0 {
			return nothing()
		}
		if name := c.take(len(mdnsServices)); !strings.EqualFold(name, mdnsServices) {
			return nothing()
		}
		return strong("mdns", "a list of services", reply), true
	},
}

const mdnsServices = "\x09_services\x07_dns-sd\x04_udp\x05local\x00"
