package protocol

import (
	"rtevent"
)

// kerberos is asked for a ticket for nobody, in a realm that there is not (AS-REQ: RFC 4120, section 5.4.1); the refusal
// tells the realm that there is.
var kerberos = Def{
	Name:     "kerberos",
	Claims:   []string{"kerberos-sec"},
	Ports:    []uint16{88},
	Programs: []Program{{"krb5kdc", "MIT Kerberos"}, {"kdc", "Heimdal"}},
	Hello:    "\x00\x00" + string([]byte{byte(len(kerberosRequest) >> 8), byte(len(kerberosRequest))}) + kerberosRequest,
	Datagram: kerberosRequest,
	Read:     readKerberos,
}

// Tags of Kerberos: the strings that it uses, a context tag, and its messages.
const (
	kerberosString = 0x1b // GeneralString
	kerberosTime   = 0x18 // GeneralizedTime
	kerberosTag    = 0xa0
	kerberosASReq  = 0x6a
	kerberosError  = 0x7e
)

var kerberosRequest = func() string {
	field := func(n byte, parts ...string) string { return ber(kerberosTag+n, parts...) }
	number := func(n string) string { return ber(berInteger, n) }
	name := func(kind string, names ...string) string {
		list := ""
		for _, s := range names {
			list += ber(kerberosString, s)
		}
		return ber(berSequence, field(0, number(kind)), field(1, ber(berSequence, list)))
	}
	const realm, user, service, aes256, aes128, rc4 = "RTEVENT", "\x01", "\x02", "\x12", "\x11", "\x17"
	return ber(kerberosASReq, ber(berSequence, field(1, number("\x05")), field(2, number("\x0a")), field(4, ber(berSequence,
		field(0, "\x03\x05\x00\x40\x00\x00\x10"), // forwardable, renewable-ok
		field(1, name(user, "rtevent")),
		field(2, ber(kerberosString, realm)),
		field(3, name(service, "krbtgt", realm)),
		field(5, ber(kerberosTime, "20370913024805Z")),
		field(7, number("rtev")),
		field(8, ber(berSequence, number(aes256), number(aes128), number(rc4)))))))
}()

func readKerberos(reply string) (rtevent.Finding, bool) {
	message := reply
	if len(reply) > 4 && reply[0] == 0 { // over TCP
		c := cursor{rest: reply}
		if message = c.counted(4); c.spent || c.rest != "" {
			return nothing()
		}
	}
	c := cursor{rest: message}
	sequence := cursor{rest: c.berOf(kerberosError)}
	fields := cursor{rest: sequence.berOf(berSequence)}
	if c.spent || c.rest != "" || sequence.spent {
		return nothing()
	}
	values := map[byte]string{}
	for fields.more() {
		tag, body := fields.ber()
		inner := cursor{rest: body}
		_, values[tag-kerberosTag] = inner.ber()
	}
	const version, kind, code, realm, says = 0, 1, 6, 9, 11
	if fields.spent || values[version] != "\x05" || values[kind] != "\x1e" || values[realm] == "" {
		return nothing()
	}
	f := strong("kerberos", "KRB-ERROR", reply)
	if values[says] == "CLIENT_NOT_FOUND" {
		f.Product = "MIT Kerberos"
	}
	f.Details = details("realm", when(values[realm] != "RTEVENT", values[realm]), "message", values[says],
		"error", when(berNumber(values[code]) >= 0, dotted(berNumber(values[code]))))
	return f, true
}
