package protocol

import (
	"strings"

	"rtevent"
)

// mumble greets with its version inside TLS, and answers a ping of twelve bytes over UDP with it, too
// (https://mumble-protocol.readthedocs.io).
var mumble = Def{
	Name:        "mumble",
	Shy:         true,
	SecurePorts: []uint16{64738},
	Programs:    []Program{{"murmurd", "Mumble"}, {"mumble-server", "Mumble"}, {"umurmurd", "uMurmur"}},
	Greets:      true,
	Datagram:    "\x00\x00\x00\x00" + "rtevent!",
	Read: func(reply string) (rtevent.Finding, bool) {
		if pong := (cursor{rest: reply}); len(reply) == 24 {
			zero, major, minor, patch := pong.u8(), pong.u8(), pong.u8(), pong.u8()
			if zero == 0 && pong.take(8) == "rtevent!" {
				return mumbleServer("answers a ping", reply, int(major), int(minor), int(patch)), true
			}
		}
		c := cursor{rest: reply}
		kind := c.big(2)
		says, ok := readProto(c.counted(4))
		version := int(says.get(1).value & 0xffffffff)
		if c.spent || kind != 0 || !ok || version == 0 || version>>24 != 0 || says.get(2).bytes == "" {
			return nothing()
		}
		f := mumbleServer("version message", reply, version>>16, version>>8&255, version&255)
		f.Details = details("release", says.get(2).bytes, "os", strings.Trim(says.get(3).bytes+" "+says.get(4).bytes, " "))
		return f, true
	},
}

func mumbleServer(says, reply string, version ...int) rtevent.Finding {
	f := strong("mumble", says, reply)
	f.Product, f.Version = "Mumble", dotted(version...)
	return f
}
