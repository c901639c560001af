package protocol

import (
	"strings"

	"rtevent"
)

// http is asked for its front page. Many servers of other protocols give themselves away when they scold this hello. It
// is one of HTTP/1.0: its answer ends with the stream, and it needs no Host, which Redis takes for an attack.
var http = Def{
	Name:         "http",
	Claims:       []string{"www", "www-http", "http-alt"},
	SecureClaims: []string{"https"},
	Ports: []uint16{
		80, 8080, 8000, 3000, 5000, 8081, 8888, 9090, // anybody's
		2375, 2379, 3100, 4040, 4318, 5601, 5984, 6333, 7474, 8086, 8123, 8200, 8384, 8500, 8983, 9093, 9200, 9222, 11434,
		15672, 16686,
	},
	SecurePorts: []uint16{443, 8443, 2376, 6443, 8006, 9443, 10250},
	Programs:    httpPrograms,
	Hello:       httpHello,
	Next:        nextHTTP,
	Read:        readHTTP,
}

const httpHello = "GET / HTTP/1.0\r\nUser-Agent: rtevent\r\nAccept: */*\r\n\r\n"

func readHTTP(reply string) (rtevent.Finding, bool) {
	head, ok := cutHead(reply)
	if !ok {
		return readHTTP2(reply)
	}
	if scolding(head) != "" || ippVersion(head) != "" || isSSDP(head) || proxies(head) || isRTEvent(head) {
		return nothing()
	}
	if !head.whole || mayScold(head) {
		return weak("http", "HTTP status line", head.line), true
	}
	f := strong("http", "HTTP status line and header", reply[:len(reply)-len(head.body)])
	answer := newAnswer(head)
	signature := head.signature()
	f.Product, f.Version = answer.product()
	if f.Product != "" {
		signature = head.field("Server")
	} else {
		f.Product, f.Version = httpPlatform(head)
	}
	f.Details = details(
		"status", head.status,
		"title", head.title(),
		"location", head.field("Location"),
		"realm", head.realm(),
		"server", signature,
		"powered_by", head.field("X-Powered-By"),
		"upgrade", when(head.status == "101", head.field("Upgrade")),
		"subprotocol", head.field("Sec-WebSocket-Protocol"),
	)
	return f, true
}

// A httpHead is the head of an HTTP/1 answer, and as much as there is of its body.
type httpHead struct {
	line   string // the status line
	status string // three digits
	fields string // whole lines, with their ends
	whole  bool   // the blank line was seen: nothing of the head is missing
	body   string
}

// cutHead reads the head of an answer strictly. It is false for anything else than a status line and the fields that
// follow it, up to where the reply may have been cut.
func cutHead(reply string) (httpHead, bool) {
	line, rest, ok := cutLine(reply)
	h := httpHead{line: line}
	version, status, _ := strings.Cut(line, " ")
	status, _, _ = strings.Cut(status, " ")
	if !ok || version != "HTTP/1.1" && version != "HTTP/1.0" || len(status) != 3 || !allOf(status, isDigit) {
		return h, false
	}
	h.status = status
	for left := rest; ; {
		field, next, ended := cutLine(left)
		name, _, colon := strings.Cut(field, ":")
		switch {
		case !ended: // cut off inside a field
			h.fields = rest[:len(rest)-len(left)]
			return h, true
		case field == "":
			h.fields, h.body, h.whole = rest[:len(rest)-len(left)], next, true
			return h, true
		case !colon && field[0] != ' ' && field[0] != '\t' || colon && !allOf(name, isToken):
			return h, false
		}
		left = next
	}
}

// field is the value of a header field; empty if there is none.
func (h httpHead) field(name string) string {
	for line := range strings.Lines(h.fields) {
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(line[:len(name)], name) {
			return strings.TrimSpace(line[len(name)+1:])
		}
	}
	return ""
}

// title is the title of an HTML page, for people to recognise it by. It names no product.
func (h httpHead) title() string {
	if !strings.HasPrefix(h.field("Content-Type"), "text/html") {
		return ""
	}
	const open = "<title>"
	page := h.body[:min(len(h.body), 8<<10)]
	start := strings.Index(strings.ToLower(page), open)
	if start < 0 {
		return ""
	}
	title, _, ok := strings.Cut(page[min(start+len(open), len(page)):], "<")
	if !ok {
		return ""
	}
	return title
}

// realm is what the server asks a password for.
func (h httpHead) realm() string {
	_, rest, _ := strings.Cut(h.field("WWW-Authenticate"), `realm="`)
	realm, _, _ := strings.Cut(rest, `"`)
	return realm
}

// signature is the Server field where it says more than a name and a version.
func (h httpHead) signature() string {
	server := h.field("Server")
	name, version := serverToken(server)
	if len(server) <= len(name)+1+len(version) {
		return ""
	}
	return server
}
