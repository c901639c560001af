package protocol

import (
	"strings"

	"rtevent"
)

// torControl is asked what it may be asked before a password: PROTOCOLINFO tells the version.
var torControl = Def{
	Name:    "tor-control",
	Ports:   []uint16{9051, 9151},
	Hello:   "PROTOCOLINFO 1\r\n",
	Bye:     "QUIT\r\n",
	Manners: "aaaww",
	Read: func(reply string) (rtevent.Finding, bool) {
		info, _, ok := cutCoded(reply)
		if !ok || info.code != "250" || info.text != "PROTOCOLINFO 1" || !info.names("AUTH", "VERSION") {
			return torScolds("tor-control", "tor-control", reply)
		}
		f := strong("tor-control", "PROTOCOLINFO", reply)
		if _, after, ok := strings.Cut(info.more, `250-VERSION Tor="`); ok {
			version, _, _ := strings.Cut(after, `"`)
			f.Product, f.Version = "Tor", text(version)
		}
		_, after, _ := strings.Cut(info.more, "250-AUTH METHODS=")
		methods, _, _ := strings.Cut(after, "\r\n")
		methods, _, _ = strings.Cut(methods, " ")
		f.Details = details("auth", strings.ToLower(methods))
		return f, true
	},
}
