package protocol

import (
	"strings"

	"rtevent"
)

// gemini is asked for the page of localhost, inside TLS (geminiprotocol.net). A host that it does not serve is refused.
var gemini = Def{
	Name:        "gemini",
	SecurePorts: []uint16{1965},
	Programs: []Program{
		{"molly-brown", "Molly Brown"}, {"agate", "Agate"}, {"gmnisrv", "gmnisrv"}, {"jetforce", "Jetforce"}, {"gmid", "gmid"},
	},
	Hello: "gemini://localhost/\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		if !ok || len(line) < 4 || len(line) > 1027 || reply[len(line)] != '\r' || line[2] != ' ' {
			return nothing()
		}
		code, meta := line[:2], line[3:]
		kind, _, _ := strings.Cut(meta, "/")
		switch {
		case code == "20" && (strings.HasPrefix(meta, "text/gemini") || kind == "text" || kind == "application"):
			return strong("gemini", "success, and the type of the page", line), true
		case code == "53" && rest == "" && strings.Contains(strings.ToLower(meta), "prox"),
			code == "59" && rest == "" && hasWord(meta, "request"):
			return weak("gemini", "a status of two digits that refuses", line), true
		}
		return nothing()
	},
}
