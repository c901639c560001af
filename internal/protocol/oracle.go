package protocol

import (
	"strconv"
	"strings"

	"rtevent"
)

// oracle is asked for its version as Oracle's own lsnrctl asks: a CONNECT of the Transparent Network Substrate with a
// command instead of a database.
var oracle = Def{
	Name:        "oracle-tns",
	Ports:       []uint16{1521, 1526},
	SecurePorts: []uint16{2484},
	Programs:    []Program{{"tnslsnr", "Oracle TNS listener"}},
	Hello: "\x00\x5a\x00\x00\x01\x00\x00\x00" + // length, CONNECT
		"\x01\x39\x01\x2c\x00\x00" + "\x08\x00\x7f\xff\x7f\x08\x00\x00\x00\x01" + // versions, options, sizes
		"\x00\x20\x00\x3a" + strings.Repeat("\x00", 30) + // length and place of the data, nothing else
		oracleCommand,
	Read: func(reply string) (rtevent.Finding, bool) {
		const accept, refuse, resend = 2, 4, 11
		c := cursor{rest: reply}
		kind, packet := tnsPacket(&c)
		data := cursor{rest: packet}
		switch kind {
		case accept:
			version := data.big(2)
			data.take(6)
			if length, at := data.big(2), data.big(2); data.spent || version < 300 || version > 330 || at+length > len(packet)+8 {
				return nothing()
			}
			return oracleFound("ACCEPT of TNS", reply, c.rest), true
		case refuse:
			data.take(2) // whose reasons
			if says := data.counted(2); !data.spent && strings.HasPrefix(says, "(DESCRIPTION=(") {
				return oracleFound("REFUSE of TNS", reply, says), true
			}
		case resend:
			if packet == "" && c.rest == "" {
				return weak("oracle-tns", "RESEND of TNS", reply), true
			}
		}
		return nothing()
	},
}

const oracleCommand = "(CONNECT_DATA=(COMMAND=version))"

// tnsPacket reads a packet: its kind, and what follows its head of 8 bytes, in which the sums are zero.
func tnsPacket(c *cursor) (kind byte, packet string) {
	length := c.big(2)
	sum := c.big(2)
	kind = c.u8()
	c.take(1)
	headSum := c.big(2)
	if packet = c.take(length - 8); c.spent || sum != 0 || headSum != 0 {
		return 0, ""
	}
	return kind, packet
}

// oracleFound reads the version from what a listener says: "TNSLSNR for Linux: Version 11.2.0.2.0 - Production", or a
// number of four bytes.
func oracleFound(says, reply, answer string) rtevent.Finding {
	f := strong("oracle-tns", says, reply)
	if _, after, ok := strings.Cut(answer, "TNSLSNR for "); ok {
		_, after, _ = strings.Cut(after, ": Version ")
		if version, _, ended := strings.Cut(after, " "); ended {
			f.Product, f.Version = "Oracle TNS listener", text(version)
		}
		return f
	}
	_, after, _ := strings.Cut(answer, "(VSNNUM=")
	digits, _, ended := strings.Cut(after, ")")
	if n, err := strconv.ParseUint(digits, 10, 32); ended && err == nil && n != 0 {
		v := int(n)
		f.Product, f.Version = "Oracle TNS listener", dotted(v>>24, v>>20&15, v>>12&255, v>>8&15, v&255)
	}
	_, after, _ = strings.Cut(answer, "(ERR=")
	code, _, _ := strings.Cut(after, ")")
	f.Details = details("error", code)
	return f
}
