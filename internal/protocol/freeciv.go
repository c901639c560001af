package protocol

import (
	"compress/zlib"
	"io"
	"strings"

	"rtevent"
)

// freeciv is joined as a client does that is older than any: it is refused, with the server's version.
var freeciv = Def{
	Name:     "freeciv",
	Ports:    []uint16{5556},
	Programs: []Program{{"freeciv-server", "Freeciv"}, {"freeciv-web", "Freeciv-web"}},
	Hello: "\x00\x20" + "\x04" + "rtevent\x00" + "rtevent\x00" + "\x00" +
		"\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00",
	Manners: "wwwxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		message := freecivRefusal(reply)
		_, version, told := strings.Cut(message, "Server version: ")
		if !told {
			return nothing()
		}
		f := strong("freeciv", "refuses to be joined: "+text(message[:min(len(message), 90)]), reply)
		version, _, _ = strings.Cut(version, " ")
		f.Product, f.Version = "Freeciv", when(isVersion(version), version)
		return f, true
	},
}

// freecivRefusal is the message of a reply to joining that refuses it; empty if there is none among the packets.
func freecivRefusal(reply string) string {
	const joinReply = 5
	for c := (cursor{rest: freecivPackets(reply)}); c.more(); {
		packet := cursor{rest: c.take(c.big(2) - 2)}
		kind, joined, message := packet.u8(), packet.u8(), packet.zero()
		if kind == joinReply && joined == 0 && !packet.spent {
			return message
		}
	}
	return ""
}

// freecivPackets unpacks a reply. A length beyond that of the longest packet tells that packets are compressed.
func freecivPackets(reply string) string {
	const border, most = 16<<10 + 1, 16 << 10
	c := cursor{rest: reply}
	length := c.big(2)
	if length < border {
		return reply
	}
	packed := c.take(length - border - 2)
	z, err := zlib.NewReader(strings.NewReader(packed))
	if err != nil || c.rest != "" {
		return ""
	}
	inside, err := io.ReadAll(io.LimitReader(z, most))
	if err != nil {
		return ""
	}
	return string(inside)
}
