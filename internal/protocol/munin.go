package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// munin greets with a comment that names the node, and tells its version when it is asked.
var munin = Def{
	Name:     "munin",
	Ports:    []uint16{4949},
	Programs: []Program{{"munin-node", "Munin"}, {"munin-node-c", "munin-node-c"}},
	Greets:   true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, hasLine)
		if !strings.HasPrefix(heard, muninGreeting) {
			return heard
		}
		return ask(rw, heard, "version\n", hasLine)
	},
	Bye: "quit\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		node, says := strings.CutPrefix(line, muninGreeting)
		if !ok || !says || node == "" || strings.Contains(node, " ") {
			return nothing()
		}
		f := strong("munin", "the comment that names a node", reply)
		f.Product = "Munin"
		if answer, _, ok := cutLine(rest); ok {
			_, version, _ := strings.Cut(answer, " version: ")
			f.Version = when(isVersion(version), version)
		}
		f.Details = details("node", node)
		return f, true
	},
}

const muninGreeting = "# munin node at "
