// HTTP answers that only say that TLS is spoken here.

package protocol

import (
	"strings"
)

// wantsTLS tells the scolding of an HTTPS server that was asked in plain HTTP. That server speaks TLS, not HTTP, as far
// as this reply goes; a program's fixed text tells, in the fixed place of its own page.
func wantsTLS(h httpHead) bool {
	if h.status != "400" {
		return false
	}
	server, _ := serverToken(h.field("Server"))
	switch strings.ToLower(server) {
	case "nginx", "openresty", "tengine":
		return strings.Contains(h.body, "<center>The plain HTTP request was sent to HTTPS port</center>")
	case "apache":
		return strings.Contains(h.body, "\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n")
	}
	return h.fields == "" && h.body == goWantsTLS
}

const goWantsTLS = "Client sent an HTTP request to an HTTPS server.\n"

// mayWantTLS tells an answer that may be such a scolding of which the end is missing.
func mayWantTLS(h httpHead) bool {
	if h.status != "400" {
		return false
	}
	length, ok := number(h.field("Content-Length"))
	return !h.whole || ok && len(h.body) < length || h.fields == "" && strings.HasPrefix(goWantsTLS, h.body)
}
