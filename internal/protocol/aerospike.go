package protocol

import (
	"strings"

	"rtevent"
)

// aerospike is asked for build and edition by its info protocol: a head of 8 bytes with the length, then names
// (https://aerospike.com/docs/database/reference/info).
var aerospike = Def{
	Name:     "aerospike",
	Ports:    []uint16{3000},
	Programs: []Program{{"asd", "Aerospike"}},
	Hello:    "\x02\x01" + "\x00\x00\x00\x00\x00\x0e" + "build\nedition\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		kind, zero := c.take(2), c.take(2)
		body := c.counted(4)
		version, edition, _ := strings.Cut(body, "\n")
		version, isBuild := strings.CutPrefix(version, "build\t")
		if c.spent || kind != "\x02\x01" || zero != "\x00\x00" || c.rest != "" || !isBuild || !strings.HasSuffix(body, "\n") {
			return nothing()
		}
		f := strong("aerospike", "info with a build", reply)
		f.Product = "Aerospike"
		if version != "" && isDigit(version[0]) { // otherwise an error: one without the right
			f.Version = text(version)
		}
		edition, _, _ = cutLine(strings.TrimPrefix(edition, "edition\t"))
		f.Details = details("edition", edition)
		return f, true
	},
}
