package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// gpsd greets with a JSON object of class VERSION.
var gpsd = Def{
	Name:     "gpsd",
	Ports:    []uint16{2947},
	Programs: []Program{{"gpsd", "gpsd"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		line, _, ok := cutLine(reply)
		var greeting struct {
			Class   string `json:"class"`
			Release string `json:"release"`
			Major   *int   `json:"proto_major"`
		}
		if !ok || !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &greeting) != nil || greeting.Class != "VERSION" || greeting.Release == "" || greeting.Major == nil {
			return nothing()
		}
		f := strong("gpsd", "a JSON object of class VERSION", line)
		f.Product, f.Version = "gpsd", text(greeting.Release)
		return f, true
	},
}
