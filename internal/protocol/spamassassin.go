package protocol

import (
	"strings"

	"rtevent"
)

// spamassassin is pinged as spamc does.
var spamassassin = Def{
	Name:     "spamassassin",
	Ports:    []uint16{783},
	Programs: []Program{{"spamd", "SpamAssassin"}},
	Hello:    "PING SPAMC/1.2\r\n\r\n",
	Manners:  "aaaww",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		answer, says := strings.CutPrefix(line, "SPAMD/")
		version, status, _ := strings.Cut(answer, " ")
		code, words, _ := strings.Cut(status, " ")
		if !ok || !says || !isVersion(version) || !allOf(code, isDigit) || words == "" {
			return nothing()
		}
		f := strong("spamassassin", "SPAMD, a version of the protocol, a status", line)
		f.Product = when(words == "PONG" || strings.HasPrefix(words, "Bad header line: "), "SpamAssassin")
		f.Details = details("protocol_version", version)
		return f, true
	},
}
