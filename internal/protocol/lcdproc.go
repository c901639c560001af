package protocol

import (
	"strings"

	"rtevent"
)

// lcdproc says what display it has to whoever says hello.
var lcdproc = Def{
	Name:     "lcdproc",
	Ports:    []uint16{13666},
	Programs: []Program{{"LCDd", "LCDproc"}},
	Hello:    "hello\n",
	Bye:      "bye\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		if !ok {
			return nothing()
		}
		says, connects := strings.CutPrefix(line, "connect LCDproc ")
		version, display, _ := strings.Cut(says, " protocol ")
		if connects && display != "" && strings.Contains(display, " lcd wid ") {
			f := strong("lcdproc", "connect, and the size of a display", line)
			f.Product = "LCDproc"
			f.Version = when(isVersion(version), version)
			return f, true
		}
		if strings.HasPrefix(line, `huh? Invalid command "`) {
			return weak("lcdproc", "does not know the command", line), true
		}
		return nothing()
	},
}
