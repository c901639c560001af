package protocol

import (
	"rtevent"
)

// readHTTP2 knows a server that speaks nothing but HTTP/2 by the frame that it has to begin with, SETTINGS of stream 0
// (RFC 9113, section 3.4). It sends that whatever it is told.
func readHTTP2(reply string) (rtevent.Finding, bool) {
	const settings = 4
	c := cursor{rest: reply}
	length := c.big(3)
	kind, flags, stream := c.u8(), c.u8(), c.big(4)
	frame := cursor{rest: c.take(length)}
	if c.spent || kind != settings || flags != 0 || stream != 0 || length%6 != 0 || length > 20*6 {
		return nothing()
	}
	for frame.more() {
		if id, _ := frame.big(2), frame.big(4); id == 0 {
			return nothing()
		}
	}
	if c.more() && len(c.rest) >= 9 && c.rest[3] > 9 { // the frame after it is of no kind that there is
		return nothing()
	}
	f := strong("http", "SETTINGS of HTTP/2", reply)
	f.Details = details("protocol", "HTTP/2")
	return f, true
}
