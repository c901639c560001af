package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// teamspeak greets administrators with its name, and tells its version to whoever asks (TeamSpeak 3 Server Query manual).
var teamspeak = Def{
	Name:     "teamspeak",
	Ports:    []uint16{10011},
	Programs: []Program{{"ts3server", "TeamSpeak Server"}},
	Greets:   true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, hasTwoLines)
		if !strings.HasPrefix(heard, "TS3\n\rWelcome") {
			return heard
		}
		return ask(rw, heard, "version\n", hasTwoLines)
	},
	Bye: "quit\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		welcome, rest, ok := strings.Cut(reply, "\n\rWelcome to the TeamSpeak 3 ServerQuery interface")
		if !ok || welcome != "TS3" {
			return nothing()
		}
		f := strong("teamspeak", "greeting of ServerQuery", reply)
		f.Product = "TeamSpeak Server"
		_, answer, _ := strings.Cut(rest, "\n\rversion=")
		if answer, _, ok := strings.Cut(answer, "\n\r"); ok {
			version, _, _ := strings.Cut(answer, " ")
			f.Version = text(version)
		}
		return f, true
	},
}

func hasTwoLines(heard string) bool { return strings.Count(heard, "\n\r") >= 2 }
