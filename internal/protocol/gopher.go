package protocol

import (
	"strings"

	"rtevent"
)

// gopher is asked for its menu (RFC 1436), in which some servers sign.
var gopher = Def{
	Name:     "gopher",
	Ports:    []uint16{70},
	Programs: []Program{{"gophernicus", "Gophernicus"}, {"pygopherd", "PyGopherd"}, {"geomyidae", "geomyidae"}, {"bucktooth", "Bucktooth"}},
	Hello:    "\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		if len(reply) > 8 && reply[4:8] == "ERR " {
			return nothing() // a packet of git, whose length could be a type of ours
		}
		items := 0
		var signed string
		for rest := reply; rest != ""; {
			line, next, ok := cutLine(rest)
			if !ok || line == "." {
				break
			}
			display, isItem := gopherItem(line)
			if !isItem {
				return nothing()
			}
			rest, signed = next, display
			items++
		}
		if items == 0 {
			return nothing()
		}
		f := strong("gopher", "a menu", reply)
		f.Product, f.Version = marked(signed, []mark{{"Gophered by Gophernicus/", "Gophernicus"}, {"Served by Motsognir ", "Motsognir"}})
		return f, true
	},
}

// gopherItem reads an item of a menu: its type and what is displayed, then selector, host and port behind tabs.
func gopherItem(line string) (display string, ok bool) {
	fields := strings.Split(line, "\t")
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' }) || len(fields) < 4 || fields[0] == "" || fields[2] == "" || strings.Contains(fields[2], " ") {
		return "", false
	}
	port, ok := number(fields[3])
	return fields[0][1:], ok && port < 1<<16 && strings.IndexByte("0123456789gIhis", fields[0][0]) >= 0
}
