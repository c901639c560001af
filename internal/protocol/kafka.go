package protocol

import (
	"rtevent"
)

// kafka is asked which requests it knows (ApiVersions, https://kafka.apache.org/protocol). No release follows from that,
// and neither does whose server it is.
var kafka = Def{
	Name:        "kafka",
	Ports:       []uint16{9092},
	SecurePorts: []uint16{9093},
	Programs: []Program{
		{"kafka.kafka", "Apache Kafka"}, {"kafka", "Apache Kafka"}, {"redpanda", "Redpanda"},
	},
	Hello: "\x00\x00\x00\x11" + "\x00\x12\x00\x00" + "rtev" + "\x00\x07rtevent",
	Read: func(reply string) (rtevent.Finding, bool) {
		const produce, apiVersions, size = 0, 18, 6
		outer := cursor{rest: reply}
		c := cursor{rest: outer.counted(4)}
		correlation, fault, count := c.take(4), c.big(2), c.big(4)
		if c.spent || outer.more() || correlation != "rtev" || fault != 0 && fault != 35 || len(c.rest) != size*count {
			return nothing()
		}
		known := map[int]bool{}
		for c.more() {
			api, low, high := c.big(2), c.big(2), c.big(2)
			if low > high {
				return nothing()
			}
			known[api] = true
		}
		if !known[apiVersions] {
			return nothing()
		}
		f := strong("kafka", "answers ApiVersions", reply)
		f.Details = details("role", when(!known[produce], "controller"))
		return f, true
	},
}
