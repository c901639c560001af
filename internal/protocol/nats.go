package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// nats greets with INFO and JSON about itself.
var nats = Def{
	Name:     "nats",
	Ports:    []uint16{4222},
	Programs: []Program{{"nats-server", "NATS"}, {"gnatsd", "NATS"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		words, says := strings.CutPrefix(line, "INFO ")
		var info struct {
			ServerID     string `json:"server_id"`
			Version      string `json:"version"`
			AuthRequired bool   `json:"auth_required"`
			TLSRequired  bool   `json:"tls_required"`
			JetStream    bool   `json:"jetstream"`
		}
		if !ok || !says || json.Unmarshal([]byte(words), &info) != nil || info.ServerID == "" || info.Version == "" {
			return nothing()
		}
		f := strong("nats", "INFO with server_id", reply)
		f.Product, f.Version = "NATS", text(info.Version)
		f.Details = details("auth", when(info.AuthRequired, "required"), "tls", when(info.TLSRequired, "required"),
			"jetstream", when(info.JetStream, "yes"))
		return f, true
	},
}
