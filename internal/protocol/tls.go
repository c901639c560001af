package protocol

import (
	"rtevent"
)

// tls is told by the records that answer anything that is no proper ClientHello, and by the scolding of HTTPS servers. What
// is inside, and all that a handshake tells, is for package identify to find out.
var tls = Def{
	Name: "tls",
	Read: func(reply string) (rtevent.Finding, bool) {
		if says := tlsRecord(reply); says != "" {
			return strong("tls", says, reply), true
		}
		head, ok := cutHead(reply)
		if !ok || scolding(head) != "tls" {
			return nothing()
		}
		f := strong("tls", "an HTTPS server scolds plain HTTP", head.body)
		f.Product, f.Version = httpPlatform(head)
		return f, true
	},
}

// tlsRecord tells the first record of a server: an alert, or a handshake that begins with ServerHello.
func tlsRecord(reply string) (says string) {
	c := cursor{rest: reply}
	kind, major, minor := c.u8(), c.u8(), c.u8()
	record := cursor{rest: c.counted(2)}
	if major != 3 || minor > 4 {
		return ""
	}
	switch kind {
	case 21:
		level, alert := record.u8(), record.u8()
		if !c.spent && !record.spent && record.rest == "" && (level == 1 || level == 2) && alert <= 120 {
			return "TLS alert"
		}
	case 22:
		if message := record.u8(); !record.spent && message == 2 {
			length := record.big(3)
			version := record.big(2)
			if !record.spent && length >= 38 && version>>8 == 3 {
				return "TLS ServerHello"
			}
		}
	}
	return ""
}
