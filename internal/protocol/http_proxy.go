package protocol

import (
	"strings"

	"rtevent"
)

// httpProxy is HTTP spoken to a proxy, whose clients name the whole URL (RFC 9112, section 3.2.2). To ask it for one would
// be to make it call somebody, and with the name of a host some would call that: a path alone is enough for it to say that
// it takes none.
var httpProxy = Def{
	Name:  "http-proxy",
	Ports: []uint16{3128, 8118, 8123},
	Programs: []Program{
		{"squid", "Squid"}, {"tinyproxy", "Tinyproxy"}, {"privoxy", "Privoxy"}, {"mitmproxy", "mitmproxy"},
		{"mitmdump", "mitmproxy"}, {"polipo", "Polipo"}, {"3proxy", "3proxy"},
	},
	Hello: httpHello,
	Next: func(heard string) []Question {
		if heard != "" {
			return nil
		}
		return nextHTTP("")
	},
	Read: func(reply string) (rtevent.Finding, bool) {
		head, ok := cutHead(reply)
		if !ok || !head.whole || !proxies(head) {
			return nothing()
		}
		f := strong("http-proxy", "HTTP answer of a proxy to a path", reply)
		f.Product, f.Version = httpPlatform(head)
		if head.line == privoxyLine {
			f.Product = "Privoxy"
		}
		f.Details = details(
			"status", head.status,
			"auth", when(head.status == "407", "required"),
			"realm", proxyRealm(head),
		)
		return f, true
	},
}

// privoxyLine is how Privoxy refuses what has no host.
const privoxyLine = "HTTP/1.1 400 Invalid header received from client"

// proxies tells the answers that only a proxy gives.
func proxies(h httpHead) bool {
	server, _, _ := strings.Cut(h.field("Server"), "/")
	switch {
	case h.status == "407":
		return h.field("Proxy-Authenticate") != ""
	case server == "squid":
		return h.status == "400" && strings.HasPrefix(h.field("X-Squid-Error"), "ERR_INVALID_URL ")
	case server == "tinyproxy", strings.HasPrefix(server, "mitmproxy "):
		return h.status == "400"
	case server == "tor":
		return h.status == "405" && strings.Contains(h.fields, "Tor-Capabilities:")
	}
	return h.line == privoxyLine
}

// proxyRealm is what a proxy asks a password for.
func proxyRealm(h httpHead) string {
	_, rest, _ := strings.Cut(h.field("Proxy-Authenticate"), `realm="`)
	realm, _, _ := strings.Cut(rest, `"`)
	return realm
}
