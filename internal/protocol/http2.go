package protocol

import (
	"rtevent"
)

// readHTTP2 knows a server that speaks nothing but HTTP/2, unless it is one of gRPC.
func readHTTP2(reply string) (rtevent.Finding, bool) {
	if says, _ := readGRPC(reply); says != "" || !beginsHTTP2(reply) {
		return nothing()
	}
	f := strong("http", "SETTINGS of HTTP/2", reply)
	f.Details = details("protocol", "HTTP/2")
	return f, true
}

// beginsHTTP2 tells a server of HTTP/2 by the frame that it has to begin with, SETTINGS of stream 0 (RFC 9113, section
// 3.4). It sends that whatever it is told.
func beginsHTTP2(reply string) bool {
	const settings = 4
	c := cursor{rest: reply}
	length := c.big(3)
	kind, flags, stream := c.u8(), c.u8(), c.big(4)
	frame := cursor{rest: c.take(length)}
	if c.spent || kind != settings || flags != 0 || stream != 0 || length%6 != 0 || length > 20*6 {
		return false
	}
	for frame.more() {
		if id, _ := frame.big(2), frame.big(4); id == 0 {
			return false
		}
	}
	return len(c.rest) < 9 || c.rest[3] <= 9 // the frame after it is of a kind that there is
}
