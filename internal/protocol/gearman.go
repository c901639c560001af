package protocol

import (
	"strings"

	"rtevent"
)

// gearman has a binary protocol for workers and a textual one for administrators on the same port
// (http://gearman.org/protocol/). An echo proves the one, the version comes from the other.
var gearman = Def{
	Name:     "gearman",
	Ports:    []uint16{4730},
	Programs: []Program{{"gearmand", "gearmand"}},
	Hello:    "\x00REQ" + "\x00\x00\x00\x10" + "\x00\x00\x00\x07rtevent" + "version\n",
	Manners:  "aaxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		const unknown = "ERR UNKNOWN_COMMAND Unknown+server+command"
		if strings.HasPrefix(reply, unknown) {
			return weak("gearman", "does not know the command, in words of its own", reply), true
		}
		echo, ok := strings.CutPrefix(reply, "\x00RES"+"\x00\x00\x00\x11"+"\x00\x00\x00\x07rtevent")
		if !ok {
			return nothing()
		}
		f := strong("gearman", "ECHO_RES", reply)
		if line, _, ended := cutLine(echo); ended {
			if version, says := strings.CutPrefix(line, "OK "); says && version != "" && isDigit(version[0]) {
				version, _, _ = strings.Cut(version, "+") // what a packager adds
				f.Product, f.Version = "gearmand", text(version)
			}
		}
		return f, true
	},
}
