package protocol

import (
	"rtevent"
)

// msrpc is asked for its endpoint mapper by a bind (C706, section 12.6): who is that accepts, and any other server of
// DCE/RPC says that it is not.
var msrpc = Def{
	Name:     "msrpc",
	Claims:   []string{"epmap"},
	Ports:    []uint16{135, 593},
	Programs: []Program{{"rpcd_epmapper", "Samba"}, {"rpcd_lsad", "Samba"}, {"rpcd_classic", "Samba"}, {"dcerpcd", ""}},
	Hello: "\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00" + "\xd0\x16\xd0\x16\x00\x00\x00\x00" +
		"\x01\x00\x00\x00" + "\x00\x00\x01\x00" +
		"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa\x03\x00\x00\x00" + // e1af8308-..., version 3
		"\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00", // NDR
	Read: func(reply string) (rtevent.Finding, bool) {
		const accepted, refused, little = 12, 13, 0x10
		c := cursor{rest: reply}
		version, minor, kind := c.u8(), c.u8(), c.u8()
		c.take(1)
		order := c.u8()
		c.take(3)
		length, auth, call := c.little(2), c.little(2), c.little(4)
		body := cursor{rest: c.take(length - 16)}
		if c.spent || c.rest != "" || version != 5 || minor > 1 || order != little || auth != 0 || call != 1 {
			return nothing()
		}
		switch kind {
		case refused:
			return strong("msrpc", "DCE/RPC refuses to bind", reply), true
		case accepted:
			body.take(2 + 2 + 4)
			address := body.take(body.little(2))
			body.take((4 - (8+2+len(address))%4) % 4)
			results := int(body.u8())
			body.take(3)
			result := body.little(2)
			if body.spent || results != 1 {
				return nothing()
			}
			f := strong("msrpc", "DCE/RPC answers a bind", reply)
			f.Details = details("interface", when(result == 0, "epmap"))
			return f, true
		}
		return nothing()
	},
}
