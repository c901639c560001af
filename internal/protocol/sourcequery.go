package protocol

import (
	"strings"

	"rtevent"
)

// sourceQuery asks a game server of Valve's kind for its description (https://developer.valvesoftware.com/wiki/Server_queries).
// Some want to be asked again with a number of theirs, which is an answer, too.
var sourceQuery = Def{
	Name:     "source-query",
	Ports:    []uint16{27015, 27016, 2457, 7777},
	Programs: []Program{{"srcds_linux", "Source Dedicated Server"}, {"hlds_linux", "Half-Life Dedicated Server"}},
	Datagram: "\xff\xff\xff\xffTSource Engine Query\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		begins, kind := c.take(4), c.u8()
		if begins != "\xff\xff\xff\xff" {
			return nothing()
		}
		if kind == 'A' && len(c.rest) == 4 {
			return strong("source-query", "challenge of a server query", reply), true
		}
		version := c.u8()
		name, place, folder, game := c.zero(), c.zero(), c.zero(), c.zero()
		c.take(2 + 1 + 1 + 1) // identifier, players, most players, bots
		server, system, private, secured := c.u8(), c.u8()|0x20, c.u8(), c.u8()
		number := c.zero()
		if c.spent || kind != 'I' || version > 100 || private > 1 || secured > 1 ||
			strings.IndexByte("dlp", server|0x20) < 0 || strings.IndexByte("lwmo", system) < 0 {
			return nothing()
		}
		f := strong("source-query", "description of a game server", reply)
		f.Product, f.Version = text(game), text(number)
		f.Details = details("name", name, "map", place, "folder", folder)
		return f, true
	},
}
