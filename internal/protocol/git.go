package protocol

import (
	"strconv"
	"strings"

	"rtevent"
)

// git is asked for a repository that nobody has, as a client that mistyped its name would (gitprotocol-pack). The refusal is
// framed like everything that git says.
var git = Def{
	Name:     "git",
	Ports:    []uint16{9418},
	Programs: []Program{{"git-daemon", "Git"}, {"git", "Git"}},
	Hello:    "002cgit-upload-pack /rtevent\x00host=localhost\x00",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		if len(reply) < 8 {
			return nothing()
		}
		length, err := strconv.ParseUint(reply[:4], 16, 16)
		if err != nil || length < 9 || int(length) > len(reply) {
			return nothing()
		}
		packet := reply[4:length]
		object, _, isRef := strings.Cut(packet, " ")
		switch {
		case strings.HasPrefix(packet, "ERR ") && int(length) == len(reply):
			f := strong("git", "a framed refusal", packet)
			f.Product = when(strings.HasPrefix(packet, "ERR access denied or repository not exported: /rtevent"), "Git")
			return f, true
		case isRef && len(object) == 40 && allOf(object, isHex) && strings.Contains(packet, "\x00"):
			return strong("git", "a framed list of references", packet), true
		}
		return nothing()
	},
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
