package protocol

import (
	"strings"

	"rtevent"
)

// rsync greets with the version of the protocol. A client that only wants the list of modules leaves with "#list".
var rsync = Def{
	Name:     "rsync",
	Ports:    []uint16{873},
	Programs: []Program{{"rsync", "rsync"}},
	Greets:   true,
	Bye:      "@RSYNCD: 31.0\n#list\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		version, says := strings.CutPrefix(line, "@RSYNCD: ")
		version, _, _ = strings.Cut(version, " ")
		major, minor, dotted := strings.Cut(version, ".")
		if _, isNumber := number(major); !ok || !says || !isNumber || dotted && !allOf(minor, isDigit) {
			return nothing()
		}
		f := strong("rsync", "@RSYNCD and a version of the protocol", line)
		f.Product = "rsync"
		f.Details = details("protocol_version", version)
		return f, true
	},
}
