package protocol

import (
	"strings"

	"rtevent"
)

// cvspserver has nothing to say to whoever does not log in, which would be an attempt to do so. It is known by how it
// scolds whoever says something else.
var cvspserver = Def{
	Name:     "cvspserver",
	Ports:    []uint16{2401},
	Programs: []Program{{"cvs", "CVS"}},
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		if !ok || rest != "" || !strings.HasPrefix(line, "cvs [pserver aborted]: bad auth protocol start: ") {
			return nothing()
		}
		f := strong("cvspserver", "misses the start of a login", line)
		f.Product = "CVS"
		return f, true
	},
}
