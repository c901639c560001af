package protocol

import (
	"rtevent"
)

// riak is asked who it is: messages of Protocol Buffers after their length and kind
// (https://docs.riak.com/riak/kv/latest/developing/api/protocol-buffers/server-info/).
var riak = Def{
	Name:     "riak",
	Ports:    []uint16{8087},
	Programs: []Program{{"riak", "Riak"}},
	Hello:    "\x00\x00\x00\x01\x07",
	Read: func(reply string) (rtevent.Finding, bool) {
		outer := cursor{rest: reply}
		c := cursor{rest: outer.counted(4)}
		kind := c.u8()
		says, ok := readProto(c.rest)
		node, version := says.get(1).bytes, says.get(2).bytes
		if outer.spent || c.spent || outer.more() || kind != 8 || !ok || node == "" || version == "" || !isDigit(version[0]) {
			return nothing()
		}
		f := strong("riak", "answers GetServerInfo", reply)
		f.Product, f.Version = "Riak", text(version)
		f.Details = details("node", node)
		return f, true
	},
}
