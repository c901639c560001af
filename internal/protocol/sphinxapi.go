package protocol

import (
	"rtevent"
)

// sphinxAPI says the version of its protocol, as its client does, and is asked for its status.
var sphinxAPI = Def{
	Name:     "sphinxapi",
	Ports:    []uint16{9312},
	Programs: []Program{{"searchd", ""}},
	Hello:    "\x00\x00\x00\x01" + "\x00\x05\x01\x01" + "\x00\x00\x00\x04" + "\x00\x00\x00\x01",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		protocol, status := c.big(4), c.big(2)
		c.take(2)
		body := cursor{rest: c.counted(4)}
		rows, columns := body.big(4), body.big(4)
		if protocol != 1 || status != 0 || c.spent || c.rest != "" || columns != 2 || rows == 0 {
			return nothing()
		}
		if body.counted(4) != "uptime" || body.spent {
			return nothing()
		}
		return strong("sphinxapi", "its status in a table that begins with uptime", reply), true
	},
}
