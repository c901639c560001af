package protocol

import (
	"fmt"
	"strings"

	"rtevent"
)

// quic is offered a version that is kept for this (RFC 9000, section 15): the answer names those that there are, and
// nothing is begun.
var quic = Def{
	Name:     "quic",
	Ports:    []uint16{443, 8443},
	Programs: []Program{{"caddy", "Caddy"}, {"envoy", "Envoy"}, {"h2o", "H2O"}},
	Datagram: "\xc0\x1a\x2a\x3a\x4a" + "\x08" + quicTo + "\x08" + quicFrom + strings.Repeat("\x00", 1200-23),
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		first, version := c.u8(), c.big(4)
		to, from := c.counted(1), c.counted(1)
		if c.spent || first < 0x80 || version != 0 || to != quicFrom || from != quicTo || len(c.rest)%4 != 0 || c.rest == "" {
			return nothing()
		}
		var versions []string
		for c.more() {
			if name := quicVersion(c.big(4)); name != "" {
				versions = append(versions, name)
			}
		}
		f := strong("quic", "QUIC negotiates its version", reply)
		f.Details = details("versions", strings.Join(versions, " "))
		return f, true
	},
}

const (
	quicTo   = "rtevent?" // connection identifiers
	quicFrom = "rtevent!"
)

// quicVersion names a version; the reserved ones, which stand for none, have no name.
func quicVersion(v int) string {
	switch {
	case v == 1:
		return "1"
	case v == 0x6b3343cf:
		return "2"
	case v>>8 == 0xff0000:
		return fmt.Sprintf("draft-%d", v&0xff)
	case v&0x0f0f0f0f == 0x0a0a0a0a:
		return ""
	}
	return fmt.Sprintf("%#x", v)
}
