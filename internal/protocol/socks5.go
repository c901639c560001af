package protocol

import (
	"rtevent"
)

// socks5 is offered to pass with and without a password (RFC 1928) and chooses. Two bytes are all that it says, so that
// alone is a weak sign; to go on would mean to have it connect somewhere.
var socks5 = Def{
	Name:   "socks5",
	Claims: []string{"socks"},
	Ports:  []uint16{1080, 9050, 9150},
	Programs: []Program{
		{"tor", "Tor"}, {"danted", "Dante"}, {"sockd", "Dante"}, {"microsocks", "microsocks"}, {"3proxy", "3proxy"},
		{"ss-local", "Shadowsocks"}, {"sslocal", "Shadowsocks"}, {"v2ray", "V2Ray"}, {"xray", "Xray"}, {"gost", "GOST"},
	},
	Hello:   "\x05\x02\x00\x02",
	Manners: "aaxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		switch reply {
		case "\x05\x00", "\x05\x02", "\x05\xff":
			f := weak("socks5", "SOCKS 5 chooses how to log in", reply)
			f.Details = details("auth", map[byte]string{0x00: "none", 0x02: "required", 0xff: "another"}[reply[1]])
			return f, true
		}
		return torScolds("socks5", "socks", reply)
	},
}

// torScolds reads the pages by which Tor tells browsers that a port of its own is none of HTTP.
func torScolds(protocol, spoken, reply string) (rtevent.Finding, bool) {
	head, ok := cutHead(reply)
	if !ok || scolding(head) != spoken {
		return nothing()
	}
	f := strong(protocol, "Tor scolds HTTP", head.line)
	f.Product = "Tor"
	return f, true
}
