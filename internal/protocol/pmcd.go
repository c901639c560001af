package protocol

import (
	"rtevent"
)

// pmcd, of Performance Co-Pilot, greets with what it can do, in the form of an error that is none.
var pmcd = Def{
	Name:     "pmcd",
	Ports:    []uint16{44321},
	Programs: []Program{{"pmcd", "Performance Co-Pilot"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		const fault = 0x7000
		c := cursor{rest: reply}
		length, kind := c.big(4), c.big(4)
		c.take(4) // from
		status, features := c.big(4), c.big(4)
		if c.spent || c.rest != "" || length != 20 || kind != fault || status != 0 || features>>24&0x7f != 2 {
			return nothing()
		}
		f := strong("pmcd", "challenge of Performance Co-Pilot", reply)
		f.Product = "Performance Co-Pilot"
		return f, true
	},
}
