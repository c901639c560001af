package protocol

import (
	"strings"

	"rtevent"
)

// pptp is asked for a control connection (RFC 2637, section 2.1), which is ended with the bye.
var pptp = Def{
	Name:     "pptp",
	Ports:    []uint16{1723},
	Programs: []Program{{"pptpd", "PoPToP"}, {"pptpctrl", "PoPToP"}, {"accel-pppd", "accel-ppp"}},
	Hello: "\x00\x9c\x00\x01" + pptpCookie + "\x00\x01\x00\x00" + "\x01\x00\x00\x00" + "\x00\x00\x00\x03\x00\x00\x00\x03" +
		"\x00\x00\x00\x01" + "rtevent" + strings.Repeat("\x00", 64-7) + "rtevent" + strings.Repeat("\x00", 64-7),
	Bye: "\x00\x10\x00\x01" + pptpCookie + "\x00\x03\x00\x00" + "\x01\x00\x00\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		const started = 2
		c := cursor{rest: reply}
		length, control, cookie, kind := c.big(2), c.big(2), c.take(4), c.big(2)
		c.take(2)
		version, result := c.big(2), c.u8()
		c.take(1 + 4 + 4 + 2)
		firmware, host, vendor := c.big(2), zeroEnded(c.take(64)), zeroEnded(c.take(64))
		if c.spent || length != 156 || control != 1 || cookie != pptpCookie || kind != started || result == 0 || result > 5 {
			return nothing()
		}
		f := strong("pptp", "PPTP answers for a control connection", reply)
		if f.Product = pptpVendors[vendor]; vendor == "linux" && host == "local" {
			f.Product = "PoPToP"
		}
		f.Details = details("host", host, "vendor", vendor, "firmware", when(firmware > 0, dotted(firmware)),
			"protocol", dotted(version>>8, version&0xff))
		return f, true
	},
}

const pptpCookie = "\x1a\x2b\x3c\x4d"

// pptpVendors are vendors that make one program of it.
var pptpVendors = map[string]string{
	"MikroTik": "MikroTik RouterOS", "Microsoft": "Microsoft RRAS", "accel-pptp": "accel-ppp", "Fortinet pptp": "FortiGate",
}

// zeroEnded is a field of fixed size without what fills it.
func zeroEnded(field string) string {
	s, _, _ := strings.Cut(field, "\x00")
	return s
}
