package protocol

import (
	"strings"

	"rtevent"
)

// fluentd's forward protocol is silent until events come, unless it wants a shared key: then it greets
// (https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1). Since all that could be said to it would be
// events, it is only read.
var fluentd = Def{
	Name:  "fluentd-forward",
	Ports: []uint16{24224},
	Programs: []Program{
		{"fluent-bit", "Fluent Bit"}, {"td-agent-bit", "Fluent Bit"}, {"fluentd", "Fluentd"}, {"td-agent", "Fluentd"},
	},
	Greets: true,
	Read: func(reply string) (rtevent.Finding, bool) {
		const list, hello = "\x92", "\xa4HELO"
		options, ok := strings.CutPrefix(reply, list+hello)
		if !ok || options == "" || options[0]&0xf0 != 0x80 || !strings.Contains(options, "\xa5nonce") {
			return nothing()
		}
		f := strong("fluentd-forward", "HELO with a nonce", reply)
		f.Details = details("auth", "required")
		return f, true
	},
}
