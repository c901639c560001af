package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// erlangDist is greeted as a hidden node does, which no other node is told of; it answers with its own name and a
// challenge, which needs the cookie and is left alone.
var erlangDist = Def{
	Name:  "erlang-dist",
	Ports: []uint16{25672},
	Programs: []Program{
		{"beam.smp", "Erlang/OTP"}, {"beam", "Erlang/OTP"}, {"erl", "Erlang/OTP"},
	},
	Hello: "\x00\x20" + "N" + "\x00\x00\x00\x04\x03\xdf\x0f\xb4" + "\x00\x00\x00\x01" + "\x00\x11rtevent@localhost",
	Talk: func(rw io.ReadWriter, heard string) string {
		if status, rest := erlangStatus(heard); status == "ok" && rest == "" { // its challenge is on the way
			return hear(rw, heard, func(heard string) bool { return erlangNode(heard) != "" })
		}
		return heard
	},
	Manners: "wwwxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		status, _ := erlangStatus(reply)
		node := erlangNode(reply)
		switch {
		case status == "":
			return nothing()
		case node == "" && status == "ok":
			return weak("erlang-dist", "status of a handshake", reply), true
		}
		f := strong("erlang-dist", "handshake of Erlang's distribution: "+status, reply)
		f.Product = "Erlang/OTP"
		f.Details = details("node", node)
		return f, true
	},
}

// erlangStatus takes the first message of the answer, which tells whether we may go on.
func erlangStatus(reply string) (status, rest string) {
	c := cursor{rest: reply}
	message := c.counted(2)
	for _, status := range []string{"ok", "ok_simultaneous", "nok", "not_allowed", "alive"} {
		if message == "s"+status {
			return status, c.rest
		}
	}
	return "", ""
}

// erlangNode is the name in the challenge that follows the status.
func erlangNode(reply string) string {
	_, rest := erlangStatus(reply)
	c := cursor{rest: rest}
	challenge := cursor{rest: c.counted(2)}
	name := ""
	switch challenge.u8() {
	case 'N': // flags, challenge, creation
		challenge.take(8 + 4 + 4)
		name = challenge.counted(2)
	case 'n': // version, flags, challenge
		challenge.take(2 + 4 + 4)
		name = challenge.rest
	}
	if c.spent || challenge.spent || !strings.Contains(name, "@") {
		return ""
	}
	return name
}
