package protocol

import (
	"strings"

	"rtevent"
)

// mpd greets with the version of its protocol, which is not that of the program.
var mpd = Def{
	Name:     "mpd",
	Ports:    []uint16{6600},
	Programs: []Program{{"mpd", "Music Player Daemon"}, {"mopidy", "Mopidy"}},
	Greets:   true,
	Bye:      "close\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		version, says := strings.CutPrefix(line, "OK MPD ")
		if !ok || !says || !isVersion(version) {
			return nothing()
		}
		f := strong("mpd", "OK MPD and a version", line)
		f.Product = "Music Player Daemon"
		f.Details = details("protocol_version", version)
		return f, true
	},
}
