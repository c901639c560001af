package protocol

import (
	"rtevent"
)

// rdp is asked for a connection with TLS and network level authentication ([MS-RDPBCGR], section 2.2.1.1), which its
// clients ask for before any TLS.
var rdp = Def{
	Name:     "rdp",
	Claims:   []string{"ms-wbt-server"},
	Ports:    []uint16{3389},
	Programs: []Program{{"xrdp", "xrdp"}, {"freerdp-shadow-cli", "FreeRDP"}},
	Hello:    "\x03\x00\x00\x13" + "\x0e\xe0\x00\x00\x00\x00\x00" + "\x01\x00\x08\x00\x03\x00\x00\x00",
	StartTLS: rdpStartTLS,
	Manners:  "wwaaa",
	Only:     true,
	Read:     readRDP,
}

// rdpLeaves is how a server ends what it cannot read (DisconnectProviderUltimatum of T.125): TLS, for example, at once.
const rdpLeaves = "\x03\x00\x00\x09" + "\x02\xf0\x80" + "\x21\x80"

func readRDP(reply string) (rtevent.Finding, bool) {
	if reply == rdpLeaves {
		return weak("rdp", "T.125 disconnects", reply), true
	}
	c := cursor{rest: reply}
	version, length := c.big(2), 0
	if length = c.big(2) - 4; version != 0x0300 {
		return nothing()
	}
	packet := cursor{rest: c.take(length)}
	header, confirm := int(packet.u8()), packet.u8()
	to := packet.big(2)
	packet.take(2 + 1) // from, class
	if c.spent || packet.spent || c.rest != "" || header != length-1 || confirm != 0xd0 || to != 0 {
		return nothing()
	}
	if packet.rest == "" {
		f := weak("rdp", "X.224 connection confirmed", reply) // as on any ISO transport
		return f, true
	}
	const negotiated, refused = 2, 3
	kind := packet.u8()
	packet.take(1) // flags
	size, value := packet.little(2), packet.little(4)
	if packet.spent || packet.rest != "" || size != 8 || kind != negotiated && kind != refused {
		return nothing()
	}
	f := strong("rdp", "RDP negotiation", reply)
	if kind == negotiated {
		f.Details = details("security", rdpSecurity[value])
	}
	return f, true
}

// rdpStartTLS is how a client goes on that shows its user the certificate and asks whether to trust it: everything that a
// server may choose beside its own old security is inside TLS.
var rdpStartTLS = &StartTLS{
	Offered: func(heard string) bool {
		f, ok := readRDP(heard)
		return ok && f.Details["security"] != "" && f.Details["security"] != rdpSecurity[0]
	},
}

var rdpSecurity = map[int]string{0: "RDP", 1: "TLS", 2: "NLA", 4: "RDSTLS", 8: "NLA"}
