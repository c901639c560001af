package protocol

import (
	"strings"

	"rtevent"
)

// netbiosNS is asked for the names of its host (NODE STATUS REQUEST: RFC 1002, section 4.2.17), as nbtstat and nmblookup do.
var netbiosNS = Def{
	Name:     "netbios-ns",
	Ports:    []uint16{137},
	Programs: []Program{{"nmbd", "Samba"}},
	Datagram: "rn\x00\x00" + "\x00\x01\x00\x00\x00\x00\x00\x00" + netbiosAny + "\x00\x21\x00\x01",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		id, flags, counts := c.take(2), c.big(2), c.take(8)
		name, kind := c.take(len(netbiosAny)), c.take(4)
		c.take(4) // time to live
		status := cursor{rest: c.counted(2)}
		const isResponse = 0x8000
		if c.spent || id != "rn" || flags&isResponse == 0 || counts != "\x00\x00\x00\x01\x00\x00\x00\x00" ||
			name != netbiosAny || kind != "\x00\x21\x00\x01" {
			return nothing()
		}
		var host, domain string
		for n := int(status.u8()); n > 0 && !status.spent; n-- {
			name, suffix, flags := strings.TrimRight(status.take(15), " \x00"), status.u8(), status.big(2)
			const isGroup = 0x8000
			switch {
			case suffix == 0 && flags&isGroup == 0 && host == "":
				host = name
			case suffix == 0 && flags&isGroup != 0 && domain == "":
				domain = name
			}
		}
		f := strong("netbios-ns", "the names of its host", reply)
		f.Details = details("host", host, "domain", domain)
		return f, !status.spent
	},
}

const netbiosAny = "\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00" // the name "*"
