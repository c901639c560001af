package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// rethinkdb is greeted with the number of version 1.0 of its protocol, and answers with its own version
// (https://rethinkdb.com/docs/writing-drivers/).
var rethinkdb = Def{
	Name:     "rethinkdb",
	Ports:    []uint16{28015},
	Programs: []Program{{"rethinkdb", "RethinkDB"}},
	Hello:    "\xc3\xbd\xc2\x34",
	Read: func(reply string) (rtevent.Finding, bool) {
		if strings.HasPrefix(reply, "ERROR: ") && strings.Contains(reply, " This port is for RethinkDB queries. ") {
			return weak("rethinkdb", "scolds who is no client of RethinkDB", reply), true
		}
		line, _, ok := strings.Cut(reply, "\x00")
		var says struct {
			Version string `json:"server_version"`
			Success bool   `json:"success"`
			Least   *int   `json:"min_protocol_version"`
		}
		if !ok || !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &says) != nil ||
			says.Version == "" || !says.Success || says.Least == nil {
			return nothing()
		}
		f := strong("rethinkdb", "handshake with server_version", reply)
		version, _, _ := strings.Cut(says.Version, "~")
		f.Product, f.Version = "RethinkDB", text(version)
		return f, true
	},
}
