package protocol

import (
	"strings"

	"rtevent"
)

// isakmp is sent the first message of IKEv2 (RFC 7296, section 1.2) with what is usual today, and a public key of ours
// that is good for nothing. An answer of any kind carries our identifier back.
var isakmp = Def{
	Name:     "isakmp",
	Claims:   []string{"ipsec-nat-t"},
	Ports:    []uint16{500},
	Programs: []Program{{"charon", "strongSwan"}, {"charon-systemd", "strongSwan"}, {"pluto", "Libreswan"}, {"iked", ""}, {"racoon", "racoon"}},
	Datagram: isakmpInit,
	Read: func(reply string) (rtevent.Finding, bool) {
		const initV2, informational, informationalV2, isResponse = 34, 5, 37, 0x20
		c := cursor{rest: reply}
		ours := c.take(8)
		c.take(8) // theirs
		next, version, exchange, flags := c.u8(), c.u8(), c.u8(), c.u8()
		message, length := c.big(4), c.big(4)
		if c.spent || ours != isakmpID || length != len(reply) || message != 0 && version>>4 == 2 {
			return nothing()
		}
		switch {
		case version == 0x20 && (exchange == initV2 || exchange == informationalV2) && flags&isResponse != 0:
		case version == 0x10 && exchange == informational:
		default:
			return nothing()
		}
		f := strong("isakmp", "IKE answers our identifier", reply)
		f.Details = details("protocol", when(version == 0x20, "IKEv2")+when(version == 0x10, "IKEv1"),
			"refuses", isakmpNotice(next, c.rest))
		return f, true
	},
}

const isakmpID = "rtevent!"

var isakmpInit = func() string {
	payload := func(next byte, body string) string {
		n := len(body) + 4
		return string([]byte{next, 0, byte(n >> 8), byte(n)}) + body
	}
	transform := func(more, kind, id byte, attribute string) string {
		return string([]byte{more, 0, 0, byte(8 + len(attribute)), kind, 0, 0, id}) + attribute
	}
	const more, last, sa, ke, nonce, ikev2, init, initiator = 3, 0, 33, 34, 40, "\x20", "\x22", "\x08"
	transforms := transform(more, 1, 12, "\x80\x0e\x01\x00") + transform(more, 1, 12, "\x80\x0e\x00\x80") + // AES-CBC, 256 and 128
		transform(more, 2, 5, "") + transform(more, 2, 2, "") + // PRF: SHA-256, SHA-1
		transform(more, 3, 12, "") + transform(more, 3, 2, "") + // integrity: SHA-256, SHA-1
		transform(more, 4, 31, "") + transform(more, 4, 19, "") + transform(last, 4, 14, "") // Curve25519, P-256, MODP 2048
	proposal := payload(last, "\x01\x01\x00\x09"+transforms)
	body := payload(ke, proposal) + payload(nonce, "\x00\x1f\x00\x00"+"\x09"+strings.Repeat("\x00", 31)) +
		payload(0, strings.Repeat("rtevent!", 4))
	length := 28 + len(body)
	return isakmpID + strings.Repeat("\x00", 8) + string([]byte{sa}) + ikev2 + init + initiator + "\x00\x00\x00\x00" +
		string([]byte{0, 0, byte(length >> 8), byte(length)}) + body
}()

// isakmpNotice names the refusal if the first payload is one.
func isakmpNotice(next byte, payloads string) string {
	const notify = 41
	c := cursor{rest: payloads}
	c.take(4 + 2) // header, protocol and size of the identifier
	if kind := c.big(2); next == notify && !c.spent {
		return isakmpNotices[kind]
	}
	return ""
}

var isakmpNotices = map[int]string{
	1: "critical payload", 5: "version", 7: "syntax", 14: "proposal", 17: "key exchange", 24: "authentication", 16390: "without a cookie",
}
