package protocol

import (
	"encoding/json"

	"rtevent"
)

// nsq is asked to identify us, which it answers with its own version if we want to negotiate features
// (https://nsq.io/clients/tcp_protocol_spec.html).
var nsq = Def{
	Name:     "nsq",
	Ports:    []uint16{4150},
	Programs: []Program{{"nsqd", "NSQ"}},
	Hello:    "  V2" + "IDENTIFY\n" + "\x00\x00\x00\x33" + `{"client_id":"rtevent","feature_negotiation":true} `,
	Read: func(reply string) (rtevent.Finding, bool) {
		const response, fault = 0, 1
		outer := cursor{rest: reply}
		c := cursor{rest: outer.counted(4)}
		kind := c.big(4)
		if outer.spent || c.spent {
			return nothing()
		}
		if kind == fault && c.rest == "E_BAD_PROTOCOL" {
			f := strong("nsq", "error of NSQ: not its protocol", reply)
			f.Product = "NSQ"
			return f, true
		}
		var says struct {
			Version string `json:"version"`
			Ready   int    `json:"max_rdy_count"`
		}
		if kind != response || json.Unmarshal([]byte(c.rest), &says) != nil || says.Version == "" || says.Ready == 0 {
			return nothing()
		}
		f := strong("nsq", "identifies itself", reply)
		f.Product, f.Version = "NSQ", text(says.Version)
		return f, true
	},
}
