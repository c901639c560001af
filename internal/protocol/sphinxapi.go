package protocol

import (
	"io"

	"rtevent"
)

// sphinxAPI greets with the version of its protocol. It is answered with the same, and asked for its status.
var sphinxAPI = Def{
	Name:     "sphinxapi",
	Ports:    []uint16{9312},
	Programs: []Program{{"searchd", ""}},
	Greets:   true,
	Talk: func(rw io.ReadWriter, heard string) string {
		const version, status, global = "\x00\x00\x00\x01", "\x00\x05\x01\x01", "\x00\x00\x00\x01"
		if heard = hear(rw, heard, func(heard string) bool { return len(heard) >= len(version) }); heard != version {
			return heard
		}
		return ask(rw, heard, version+status+"\x00\x00\x00\x04"+global, func(answer string) bool {
			c := cursor{rest: answer}
			c.take(4)
			c.counted(4)
			return !c.spent
		})
	},
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
