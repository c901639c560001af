package protocol

import (
	"strings"

	"rtevent"
)

// clamd is asked for its version, in the form of its clients: z and a zero byte at the end.
var clamd = Def{
	Name:     "clamd",
	Ports:    []uint16{3310},
	Programs: []Program{{"clamd", "ClamAV"}},
	Hello:    "zVERSION\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		if reply == "UNKNOWN COMMAND\n" || reply == "UNKNOWN COMMAND\x00" {
			return weak("clamd", "does not know the command", reply), true
		}
		line, ended := strings.CutSuffix(reply, "\x00")
		says, ok := strings.CutPrefix(line, "ClamAV ")
		version, signatures, _ := strings.Cut(says, "/")
		if !ok || !ended || !isVersion(version) {
			return nothing()
		}
		f := strong("clamd", "the answer to VERSION", line)
		f.Product, f.Version = "ClamAV", version
		database, _, _ := strings.Cut(signatures, "/")
		f.Details = details("signatures", database)
		return f, true
	},
}
