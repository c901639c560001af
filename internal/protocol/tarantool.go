package protocol

import (
	"strings"

	"rtevent"
)

// tarantool greets with two lines of 64 bytes: its version and its instance, then a salt; its console, with two lines of
// text (https://www.tarantool.io/en/doc/latest/reference/internals/box_protocol/).
var tarantool = Def{
	Name:     "tarantool",
	Ports:    []uint16{3301},
	Programs: []Program{{"tarantool", "Tarantool"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		says, named := strings.CutPrefix(line, "Tarantool ")
		version, kind, _ := strings.Cut(says, " ")
		if !ok || !named || version == "" || !isDigit(version[0]) {
			return nothing()
		}
		switch {
		case strings.HasPrefix(kind, "(Binary) ") && len(line) == 63 && len(rest) >= 64 && rest[63] == '\n':
			kind = "binary"
		case strings.TrimRight(kind, " ") == "(Lua console)" && strings.HasPrefix(rest, "type 'help' for interactive help"):
			kind = "console"
		default:
			return nothing()
		}
		f := strong("tarantool", "greeting of Tarantool", reply)
		f.Product, f.Version = "Tarantool", text(version)
		f.Details = details("protocol", kind)
		return f, true
	},
}
