package protocol

import (
	"rtevent"
)

// coap is asked for the list of what it has (RFC 6690).
var coap = Def{
	Name:  "coap",
	Ports: []uint16{5683},
	Programs: []Program{
		{"coap-server", "libcoap"}, {"coap-server-notls", "libcoap"}, {"coap-server-openssl", "libcoap"},
	},
	Datagram: "\x44\x01" + coapMessage + "\xbb.well-known\x04core",
	Read: func(reply string) (rtevent.Finding, bool) {
		const reset, acknowledgement = "\x70\x00rt", 0x64 // version 1, a token of 4 bytes
		if reply == reset {
			return weak("coap", "CoAP resets our message", reply), true
		}
		c := cursor{rest: reply}
		first, code, message := c.u8(), int(c.u8()), c.take(len(coapMessage))
		class := code >> 5
		if c.spent || first != acknowledgement || message != coapMessage || class != 2 && class != 4 && class != 5 {
			return nothing()
		}
		f := strong("coap", "CoAP answers our message", reply)
		f.Details = details("code", dotted(class)+"."+dotted(code&31/10)+dotted(code&31%10))
		return f, true
	},
}

const coapMessage = "rt" + "rtev" // number and token
