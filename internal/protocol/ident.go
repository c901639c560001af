package protocol

import (
	"strings"

	"rtevent"
)

// ident is asked whose connection runs between port 1 and port 1, which is nobody's (RFC 1413).
var ident = Def{
	Name:     "ident",
	Claims:   []string{"auth"},
	Ports:    []uint16{113},
	Programs: []Program{{"oidentd", "oidentd"}, {"identd", ""}, {"in.identd", ""}, {"nullidentd", "nullidentd"}},
	Hello:    "1,1\r\n",
	Manners:  "xxxwx",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, ok := oneLine(reply)
		fields := strings.Split(line, ":")
		if !ok || len(fields) < 3 || len(fields) > 4 {
			return nothing()
		}
		here, there, pair := strings.Cut(fields[0], ",")
		_, okHere := number(strings.TrimSpace(here))
		_, okThere := number(strings.TrimSpace(there))
		kind, what := strings.TrimSpace(fields[1]), strings.TrimSpace(fields[2])
		if !pair || !isDigit(line[0]) || !okHere || !okThere || kind != "USERID" && kind != "ERROR" || what == "" {
			return nothing()
		}
		return strong("ident", "a pair of ports, and "+kind, line), true
	},
}
