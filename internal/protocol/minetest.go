package protocol

import (
	"rtevent"
)

// minetest is pinged as lists of servers do it: an empty packet of a peer that has no number yet. It gives us one, and
// forgets us when it hears no more.
var minetest = Def{
	Name:     "minetest",
	Ports:    []uint16{30000},
	Programs: []Program{{"minetestserver", "Minetest"}, {"minetest", "Minetest"}, {"luantiserver", "Luanti"}, {"luanti", "Luanti"}},
	Datagram: "OEt\x03" + "\x00\x00" + "\x00" + "\x01",
	Read: func(reply string) (rtevent.Finding, bool) {
		const magic, server, reliable, control, setNumber = "OEt\x03", 1, 3, 0, 1
		c := cursor{rest: reply}
		own, from, channel, kind := c.take(len(magic)) == magic, c.big(2), c.u8(), c.u8()
		c.take(2) // its place in the sequence
		inner, what, number := c.u8(), c.u8(), c.big(2)
		if c.spent || !own || from != server || channel > 2 || kind != reliable || inner != control || what != setNumber || number == 0 {
			return nothing()
		}
		return strong("minetest", "gives a number to a new peer", reply), true
	},
}
