package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// rtEvent is pinged, which any line may be: a server greets before it answers, and otherwise only after a while, since
// HTTP and TLS come in on the same port and begin with the client. Over HTTP it names itself in a field.
var rtEvent = Def{
	Name:         "rt-event",
	SecureClaims: []string{"rt-event-s"},
	Ports:        []uint16{3706},
	SecurePorts:  []uint16{3707},
	Programs:     []Program{{"rtevent", "rtevent"}},
	Hello:        `{"rt":"ping"}` + "\n",
	Bye:          `{"rt":"bye"}` + "\n",
	Manners:      "aa...",
	Read: func(reply string) (rtevent.Finding, bool) {
		if head, ok := cutHead(reply); ok {
			if !isRTEvent(head) {
				return nothing()
			}
			f := strong("rt-event", "HTTP answer of a server of rt-event", reply[:len(reply)-len(head.body)])
			software, _, _ := strings.Cut(head.field("Server"), " ")
			f.Product, f.Version, _ = strings.Cut(text(software), "/")
			return f, true
		}
		word := rtEventWord(reply)
		switch {
		case word.RT == "ready" && strings.HasPrefix(word.Protocol, "rt-event/"):
			f := strong("rt-event", "greeting of rt-event", reply)
			f.Product, f.Version, _ = strings.Cut(text(word.Software), "/")
			f.Details = details("protocol", word.Protocol, "node", word.Node, "durable", word.Durable)
			return f, true
		case word.RT == "error" && word.Code != 0 && word.Name != "":
			return weak("rt-event", "an error of rt-event", reply), true
		}
		return nothing()
	},
}

// rtEventLine is the first line of a server.
type rtEventLine struct {
	RT, Protocol, Software, Node, Durable, Name string
	Code                                        int
}

func rtEventWord(reply string) rtEventLine {
	line, _, _ := cutLine(reply)
	var word rtEventLine
	if !strings.HasPrefix(line, "{") || len(line) > 64<<10 || json.Unmarshal([]byte(line), &word) != nil {
		return rtEventLine{}
	}
	return word
}

// isRTEvent tells the Server field "rtevent/0.1.0 rt-event/1".
func isRTEvent(head httpHead) bool {
	_, protocol, _ := strings.Cut(head.field("Server"), " ")
	return strings.HasPrefix(protocol, "rt-event/")
}
