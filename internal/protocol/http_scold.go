// Answers in HTTP of servers that do not speak it, and only say so.

package protocol

import (
	"strings"
)

// What servers of other protocols say to a client of HTTP, from the first byte of the body on, or in their page.
const (
	goScolds         = "Client sent an HTTP request to an HTTPS server.\n"
	mongoScolds      = "It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n"
	nginxScolds      = "<center>The plain HTTP request was sent to HTTPS port</center>"
	apacheScolds     = "\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n"
	clickhouseScolds = " is for clickhouse-client program"
	hadoopScolds     = "It looks like you are making an HTTP request to a Hadoop IPC port. "
)

// scolding tells such an answer, and what is spoken instead. As far as the answer goes that is what a finding may say, and
// HTTP is not. A program's fixed text tells, in its fixed place.
func scolding(h httpHead) (spoken string) {
	_, reason, _ := strings.Cut(h.line, h.status+" ")
	server, _ := serverToken(h.field("Server"))
	bare := h.fields == ""
	switch h.status {
	case "400":
		switch {
		case (server == "nginx" || server == "openresty") && strings.Contains(h.body, nginxScolds),
			server == "Apache" && strings.Contains(h.body, apacheScolds),
			bare && strings.HasPrefix(h.body, goScolds):
			return "tls"
		case bare && strings.HasPrefix(h.body, "Port ") && strings.Contains(h.body, clickhouseScolds):
			return "clickhouse"
		}
	case "200":
		if strings.HasPrefix(h.body, mongoScolds) {
			return "mongodb"
		}
	case "404":
		if strings.HasPrefix(h.body, hadoopScolds) && strings.EqualFold(h.fields, "Content-type: text/plain\r\n") {
			return "hadoop-ipc"
		}
	case "503":
		if h.field("Server") == "GStreamer RTSP Server" { // which tunnels RTSP through HTTP
			return "rtsp"
		}
	case "501":
		switch reason {
		case "Tor is not an HTTP Proxy":
			return "socks"
		case "Tor ControlPort is not an HTTP proxy":
			return "tor-control"
		}
	}
	return ""
}

// mayScold tells an answer that may be such a scolding of which the end is missing.
func mayScold(h httpHead) bool {
	length, ok := number(h.field("Content-Length"))
	cut := ok && len(h.body) < length
	switch h.status {
	case "400":
		return cut || h.fields == "" && (strings.HasPrefix(goScolds, h.body) || strings.HasPrefix(h.body, "P"))
	case "404":
		return strings.EqualFold(h.fields, "Content-type: text/plain\r\n") && strings.HasPrefix(hadoopScolds, h.body)
	case "200":
		return cut && length == len(mongoScolds) && strings.HasPrefix(mongoScolds, h.body)
	}
	return false
}
