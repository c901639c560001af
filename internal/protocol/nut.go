package protocol

import (
	"strings"

	"rtevent"
)

// nut is the network interface of uninterruptible power supplies (RFC 9271).
var nut = Def{
	Name:     "nut",
	Ports:    []uint16{3493},
	Programs: []Program{{"upsd", "Network UPS Tools"}},
	Hello:    "VER\n",
	Bye:      "LOGOUT\n",
	Manners:  "aaaww",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		version, says := strings.CutPrefix(line, "Network UPS Tools upsd ")
		version, _, _ = strings.Cut(version, " ")
		if !ok || !says || !isVersion(version) {
			return nothing()
		}
		f := strong("nut", "the answer to VER", line)
		f.Product, f.Version = "Network UPS Tools", version
		return f, true
	},
}
