package protocol

import (
	"io"

	"rtevent"
)

// l2tp is asked for a tunnel (RFC 2661, section 6.1), which is given up as soon as it is granted.
var l2tp = Def{
	Name:     "l2tp",
	Claims:   []string{"l2f"},
	Ports:    []uint16{1701},
	Programs: []Program{{"xl2tpd", "xl2tpd"}, {"prol2tpd", "ProL2TP"}, {"accel-pppd", "accel-ppp"}},
	Datagram: l2tpControl("\x00\x00", 0, 0, l2tpAVP(0, "\x00\x01")+l2tpAVP(2, "\x01\x00")+l2tpAVP(3, "\x00\x00\x00\x03")+
		l2tpAVP(7, "rtevent")+l2tpAVP(9, l2tpTunnel)),
	Talk: func(rw io.ReadWriter, heard string) string {
		if tunnel := readL2TP(heard).tunnel; tunnel != "" {
			io.WriteString(rw, l2tpControl(tunnel, 1, 1, l2tpAVP(0, "\x00\x04")+l2tpAVP(9, l2tpTunnel)+l2tpAVP(1, "\x00\x01")))
		}
		return heard
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		said := readL2TP(reply)
		if !said.ok {
			return nothing()
		}
		f := strong("l2tp", "L2TP answers for our tunnel", reply)
		f.Product = l2tpVendors[said.vendor]
		f.Details = details("host", said.host, "vendor", said.vendor)
		return f, true
	},
}

const l2tpTunnel = "rt"

// l2tpVendors are vendors that make one program of it.
var l2tpVendors = map[string]string{
	"xelerance.com": "xl2tpd", "MikroTik": "MikroTik RouterOS", "Microsoft": "Microsoft RRAS", "accel-ppp": "accel-ppp",
}

// l2tpControl is a control message: for whom, its number, the number that is expected, and its attributes.
func l2tpControl(tunnel string, sent, expected byte, avps string) string {
	return "\xc8\x02" + string([]byte{0, byte(12 + len(avps))}) + tunnel + "\x00\x00" + string([]byte{0, sent, 0, expected}) + avps
}

// l2tpAVP is an attribute that has to be understood.
func l2tpAVP(kind byte, value string) string {
	return string([]byte{0x80, byte(6 + len(value)), 0, 0, 0, kind}) + value
}

// l2tpSaid is what an answer tells.
type l2tpSaid struct {
	ok                   bool
	tunnel, host, vendor string // the tunnel is empty if there is none
}

func readL2TP(reply string) l2tpSaid {
	var said l2tpSaid
	c := cursor{rest: reply}
	flags, length := c.take(2), c.big(2)
	to, session, counts := c.take(2), c.take(2), c.take(4)
	if c.spent || flags != "\xc8\x02" || length > len(reply) || to != l2tpTunnel || session != "\x00\x00" || counts[3] != 1 {
		return said
	}
	avps := cursor{rest: c.take(length - 12)}
	said.ok = !c.spent
	for avps.more() {
		size := avps.big(2) & 0x3ff
		avp := cursor{rest: avps.take(size - 2)}
		avp.take(2) // whose attribute
		switch kind := avp.big(2); kind {
		case 7:
			said.host = avp.rest
		case 8:
			said.vendor = text(avp.rest)
		case 9:
			said.tunnel = avp.take(2)
		}
	}
	said.ok = said.ok && !avps.spent
	return said
}
