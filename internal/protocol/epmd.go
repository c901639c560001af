package protocol

import (
	"strings"

	"rtevent"
)

// epmd is asked for the Erlang nodes of its host, as "epmd -names" does.
var epmd = Def{
	Name:     "epmd",
	Ports:    []uint16{4369},
	Programs: []Program{{"epmd", "Erlang Port Mapper Daemon"}},
	Hello:    "\x00\x01n",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		if port := c.big(4); c.spent || port == 0 || port > 0xffff {
			return nothing()
		}
		if c.rest == "" {
			f := weak("epmd", "a port number and no names", reply)
			return f, true
		}
		var nodes []string
		for c.rest != "" {
			line, rest, ok := cutLine(c.rest)
			name, port, says := strings.Cut(strings.TrimPrefix(line, "name "), " at port ")
			if _, isNumber := number(port); !ok || !says || !isNumber || !strings.HasPrefix(line, "name ") {
				return nothing()
			}
			nodes, c.rest = append(nodes, name), rest
		}
		f := strong("epmd", "its port and the names of nodes", reply)
		f.Product = "Erlang Port Mapper Daemon"
		f.Details = details("nodes", strings.Join(nodes, " "))
		return f, true
	},
}
