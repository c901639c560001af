package protocol

import (
	"strconv"
	"strings"

	"rtevent"
)

// bgp speaks first to peers that it knows, and closes on others without a word (RFC 4271). It is not answered: an OPEN of
// ours would be taken for the peer's.
var bgp = Def{
	Name:  "bgp",
	Ports: []uint16{179},
	Programs: []Program{
		{"bird", "BIRD"}, {"bird6", "BIRD"}, {"bgpd", ""}, {"gobgpd", "GoBGP"}, {"exabgp", "ExaBGP"}, {"openbgpd", "OpenBGPD"},
	},
	Greets: true,
	Read: func(reply string) (rtevent.Finding, bool) {
		const open, notification = 1, 3
		c := cursor{rest: reply}
		marker, length, kind := c.take(16), c.big(2), c.u8()
		if c.spent || marker != strings.Repeat("\xff", 16) || length < 19 || length > 4096 {
			return nothing()
		}
		body := cursor{rest: c.take(length - 19)}
		if c.spent {
			return nothing()
		}
		switch kind {
		case open:
			version, system, hold := body.u8(), body.big(2), body.big(2)
			body.take(4) // the router's identifier
			if parameters := int(body.u8()); body.spent || version != 4 || hold == 1 || hold == 2 || parameters != len(body.rest) {
				return nothing()
			}
			f := strong("bgp", "OPEN", reply)
			f.Details = details("as", strconv.Itoa(system))
			return f, true
		case notification:
			if code := body.u8(); code >= 1 && code <= 8 && !body.spent {
				return strong("bgp", "NOTIFICATION", reply), true
			}
		}
		return nothing()
	},
}
