package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// zmtp greets with its signature; the whole of our greeting brings the rest of its own and, where no key is asked for,
// the type of its socket (ZMTP 3, RFC 23 of ZeroMQ). We never say that we are ready: it might send us somebody's messages.
var zmtp = Def{
	Name:   "zmtp",
	Ports:  []uint16{5555, 5556, 4505, 4506},
	Greets: true,
	Talk: func(rw io.ReadWriter, heard string) string {
		if heard = hear(rw, heard, func(heard string) bool { return len(heard) >= 10 }); !isZMTP(heard) || len(heard) != 10 {
			return heard
		}
		const greeting = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f" + "\x03\x00"
		return ask(rw, heard, greeting+"NULL"+strings.Repeat("\x00", 16+1+31), func(answer string) bool {
			return len(answer) > 54+2 && len(answer) >= 54+2+int(answer[55])
		})
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		if !isZMTP(reply) {
			return nothing()
		}
		f := strong("zmtp", "ZMTP greeting", reply)
		f.Product = "ZeroMQ"
		c := cursor{rest: reply[10:]}
		major, minor, mechanism := int(c.u8()), int(c.u8()), strings.TrimRight(c.take(20), "\x00")
		c.take(1 + 31)
		if !c.spent && major == 3 {
			f.Details = details("protocol", dotted(major, minor), "auth", mechanism, "socket", zmtpSocket(c.rest))
		}
		return f, true
	},
}

// isZMTP tells the signature.
func isZMTP(reply string) bool {
	return strings.HasPrefix(reply, "\xff\x00\x00\x00\x00\x00\x00\x00") && len(reply) >= 10 && reply[8] != 0 && reply[9] == 0x7f
}

// zmtpSocket is the type of the socket as the command READY tells it.
func zmtpSocket(command string) string {
	c := cursor{rest: command}
	const short = 4
	flags := c.u8()
	body := cursor{rest: c.counted(1)}
	if flags != short || body.counted(1) != "READY" || c.spent {
		return ""
	}
	for body.more() {
		if name, value := body.counted(1), body.counted(4); name == "Socket-Type" {
			return value
		}
	}
	return ""
}
