package protocol

import (
	"strings"

	"rtevent"
)

// stun is asked how it sees us (RFC 8489).
var stun = Def{
	Name:     "stun",
	Claims:   []string{"turn"},
	Ports:    []uint16{3478},
	Programs: []Program{{"turnserver", "Coturn"}, {"stunserver", "Stuntman"}, {"eturnal", "eturnal"}, {"pion", ""}},
	Hello:    stunRequest,
	Datagram: stunRequest,
	Manners:  "xwxww",
	Read: func(reply string) (rtevent.Finding, bool) {
		const success, failure, software = 0x0101, 0x0111, 0x8022
		c := cursor{rest: reply}
		kind, length := c.big(2), c.big(2)
		cookie := c.take(len(stunCookie))
		attributes := cursor{rest: c.take(length)}
		if c.spent || c.rest != "" || kind != success && kind != failure || cookie != stunCookie {
			return nothing()
		}
		f := strong("stun", "STUN answers our transaction", reply)
		for attributes.more() {
			id, value := attributes.big(2), attributes.counted(2)
			attributes.take(min((4-len(value)%4)%4, len(attributes.rest)))
			if id == software {
				name, _, _ := strings.Cut(strings.TrimRight(value, "\x00"), " ")
				name, version := nameVersion(name, "-/")
				f.Product, f.Version = text(name), text(version)
			}
		}
		return f, !attributes.spent
	},
}

const (
	stunCookie  = "\x21\x12\xa4\x42" + "rtevent-asks" // the magic cookie and the transaction
	stunRequest = "\x00\x01\x00\x00" + stunCookie
)
