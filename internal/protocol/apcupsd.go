package protocol

import (
	"strings"

	"rtevent"
)

// apcupsd is asked for the status of its power supply. Every record has its length before it, and an empty one ends them.
var apcupsd = Def{
	Name:     "apcupsd",
	Ports:    []uint16{3551},
	Programs: []Program{{"apcupsd", "apcupsd"}},
	Hello:    "\x00\x06status",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		first := c.counted(2)
		if c.spent || !strings.HasPrefix(first, "APC      : ") {
			return nothing()
		}
		f := strong("apcupsd", "a status that begins with APC", reply)
		f.Product = "apcupsd"
		for c.more() {
			record := c.counted(2)
			if says, ok := strings.CutPrefix(record, "VERSION  : "); ok {
				f.Version, _, _ = strings.Cut(text(says), " ")
			}
			if model, ok := strings.CutPrefix(record, "MODEL    : "); ok {
				f.Details = details("model", model)
			}
		}
		return f, true
	},
}
