package protocol

import (
	"strings"

	"rtevent"
)

// finger is asked who is logged on (RFC 1288). Servers answer in words of their own; known are those of the usual ones.
var finger = Def{
	Name:     "finger",
	Ports:    []uint16{79},
	Programs: []Program{{"in.fingerd", ""}, {"fingerd", ""}, {"efingerd", "efingerd"}, {"cfingerd", "cfingerd"}},
	Hello:    "/W\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(strings.TrimLeft(reply, "\r\n"))
		name, stranger := strings.CutPrefix(line, "finger: ")
		columns := strings.Fields(line)
		switch {
		case !ok:
			return nothing()
		case stranger && strings.HasSuffix(name, ": no such user."):
			return strong("finger", "took what was said for the name of a user", line), true
		case strings.HasPrefix(line, "Login ") && len(columns) > 3 && columns[1] == "Name" && (columns[2] == "Tty" || columns[2] == "TTY"):
			return strong("finger", "a table of who is logged on", line), true
		case strings.HasPrefix(line, "Login: ") && strings.Contains(line, "Name: ") && strings.Contains(rest, "Directory: "):
			return strong("finger", "tells of a user", reply), true
		case line == "No one logged on." && rest == "":
			return weak("finger", "nobody is logged on", line), true
		}
		return nothing()
	},
}
