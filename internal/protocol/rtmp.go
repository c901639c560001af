package protocol

import (
	"strings"

	"rtevent"
)

// rtmp begins with a version and 1536 bytes of either side, which the other sends back (Adobe's RTMP specification 1.0,
// section 5.2).
var rtmp = Def{
	Name:     "rtmp",
	Claims:   []string{"macromedia-fcs"},
	Ports:    []uint16{1935},
	Programs: []Program{{"srs", "SRS"}, {"crtmpserver", "C++ RTMP Server"}, {"nms", "Node Media Server"}},
	Hello:    "\x03" + strings.Repeat("\x00", 8) + rtmpNoise,
	Manners:  "wwwww",
	Read: func(reply string) (rtevent.Finding, bool) {
		const size = 1536
		if len(reply) < 1+2*size || reply[0] != 3 || reply[1+size+8:1+2*size] != rtmpNoise {
			return nothing()
		}
		return strong("rtmp", "sends our part of the handshake back after its own", reply), true
	},
}

var rtmpNoise = strings.Repeat("rtevent ", 191)
