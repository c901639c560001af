// The platform of an HTTP answer: the web server or library that gave it, by its Server field or an answer of its own. A
// word in a page names nothing.

package protocol

import (
	"strings"
	"unicode"
)

// httpPlatform names the program by the Server field, else by answers that one program gives word by word.
func httpPlatform(h httpHead) (product, version string) {
	server := h.field("Server")
	switch {
	case server == "":
		return fixedAnswer(h)
	case strings.ContainsFunc(server, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", "" // no program calls itself so
	}
	for _, special := range []func(string) (string, string){pythonServer, torServer, upnpServer} {
		if product, version = special(server); product != "" {
			return product, text(version)
		}
	}
	product, version = serverToken(server)
	if known, ok := httpSoftware[strings.ToLower(product)]; ok {
		product = known
	}
	return text(product), text(version)
}

// serverToken reads what comes first in a Server field: "nginx/1.22.1", "Jetty(9.4.43)", "Icecast 2.4.4", "Caddy".
func serverToken(server string) (product, version string) {
	product, version = nameVersion(server, "/( ")
	if i := strings.IndexAny(version, " ,;()"); i >= 0 {
		version = version[:i]
	}
	if version == "" {
		product, _, _ = strings.Cut(server, " (")
	}
	if !strings.ContainsFunc(product, func(r rune) bool { return r < 0x80 && isAlpha(byte(r)) }) {
		return "", ""
	}
	return product, version
}

// pythonServer names the servers of Python's standard library by Python's version, since their own number never moves,
// and those that put Python before their name.
func pythonServer(server string) (product, version string) {
	name, rest, _ := strings.Cut(server, " ")
	_, python, ok := strings.Cut(rest, "Python/") // or CPython
	switch {
	case ok && strings.HasPrefix(name, "SimpleHTTP/"):
		return "SimpleHTTPServer", python
	case ok && strings.HasPrefix(name, "BaseHTTP/"):
		return "BaseHTTPServer", python
	case ok && strings.HasPrefix(name, "WSGIServer/"):
		return "wsgiref", python
	case strings.HasPrefix(name, "Python/"):
		return serverToken(rest)
	case strings.HasPrefix(rest, "Python/") && allOf(name, isAlpha): // "WebSockify Python/3.11.2"
		return name, ""
	}
	return "", ""
}

// torServer reads "tor/1.0 (tor 0.4.9.11)".
func torServer(server string) (product, version string) {
	rest, ok := strings.CutPrefix(server, "tor/1.0 (tor ")
	version, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return "", ""
	}
	return "Tor", version
}

// upnpServer reads "Linux/6.1 UPnP/1.0 Product/1.2": the system, the protocol, and then who it is (UPnP Device
// Architecture 1.1, section 1.2.2).
func upnpServer(server string) (product, version string) {
	_, rest, ok := strings.Cut(server, " UPnP/")
	_, name, named := strings.Cut(rest, " ")
	if !ok || !named {
		return "", ""
	}
	return serverToken(strings.TrimLeft(name, ", "))
}

// fixedAnswer names programs that do not name themselves by an answer that is theirs from the first field to the last
// byte.
func fixedAnswer(h httpHead) (product, version string) {
	kind := h.field("Content-Type")
	switch {
	case goAnswer(h, kind):
		return "Go net/http", ""
	case h.body == haproxyPage(h) && kind == "text/html" && strings.EqualFold(h.field("Cache-Control"), "no-cache"):
		return "HAProxy", ""
	case nodeHead(h):
		return "Node.js", ""
	case strings.HasSuffix(h.line, h.status+" ") && kind == "text/html;charset=utf-8":
		return tomcatPage(h)
	}
	return "", ""
}

// nodeHead tells the head that Node.js completes: what the program set, and then Date and Connection, with at most the
// length after them. Others that send both do so before the rest, or close in other letters; Tomcat gives no reason beside
// its status.
func nodeHead(h httpHead) bool {
	_, after, ok := strings.Cut("\r\n"+h.fields, "\r\nDate: ")
	_, after, _ = strings.Cut(after, "\r\n")
	last, ended := strings.CutPrefix(after, "Connection: close\r\n")
	return ok && ended && strings.HasPrefix(h.line, "HTTP/1.1 ") && len(h.line) > len("HTTP/1.1 200 ") &&
		(last == "" || strings.HasPrefix(last, "Content-Length: ") && strings.Count(last, "\n") == 1)
}

// goAnswer tells the answers of Go's own functions: NotFound, Redirect, and to a request that it cannot read.
func goAnswer(h httpHead, kind string) bool {
	_, reason, _ := strings.Cut(h.line, h.status+" ")
	switch h.status {
	case "404":
		return h.body == "404 page not found\n" && kind == "text/plain; charset=utf-8" &&
			h.field("X-Content-Type-Options") == "nosniff"
	case "301", "302", "303", "307", "308":
		return h.body == `<a href="`+h.field("Location")+`">`+reason+"</a>.\n\n" && kind == "text/html; charset=utf-8"
	case "400":
		return h.body == "400 Bad Request" && kind == "text/plain; charset=utf-8" && h.field("Connection") == "close"
	}
	return false
}

// tomcatPage reads the name at the end of Tomcat's own error page, which repeats the status in its title.
func tomcatPage(h httpHead) (product, version string) {
	const name = "<h3>Apache Tomcat/"
	page, ok := strings.CutSuffix(h.body, "</h3></body></html>")
	i := strings.LastIndex(page, name)
	if !ok || i < 0 || !strings.Contains(page[:i], "<title>HTTP Status "+h.status+" ") {
		return "", ""
	}
	version, _, _ = strings.Cut(page[i+len(name):], " ")
	return "Apache Tomcat", text(version)
}

// haproxyPage is the page that HAProxy itself answers with under the status of h; a newline if it has none.
func haproxyPage(h httpHead) string {
	says, ok := haproxySays[h.status]
	if !ok {
		return "\n"
	}
	_, status, _ := strings.Cut(h.line, " ")
	return "<html><body><h1>" + status + "</h1>\n" + says + "\n</body></html>\n"
}

var haproxySays = map[string]string{
	"400": "Your browser sent an invalid request.",
	"403": "Request forbidden by administrative rules.",
	"404": "The resource could not be found.",
	"408": "Your browser didn't send a complete request in time.",
	"500": "An internal server error occurred.",
	"502": "The server returned an invalid or incomplete response.",
	"503": "No server is available to handle this request.",
	"504": "The server didn't respond in time.",
}

// httpSoftware has the products whose name in the Server field, in lower case, is not the name they go by.
var httpSoftware = map[string]string{
	"apache":        "Apache httpd",
	"squid":         "Squid",
	"tinyproxy":     "Tinyproxy",
	"microsoft-iis": "Microsoft IIS",
	"openresty":     "OpenResty",
	"jetty":         "Eclipse Jetty",
	"lighttpd":      "lighttpd",
	"apache-coyote": "Apache Tomcat",
	"tornadoserver": "Tornado",
	"libisc":        "BIND",
	"h2o":           "H2O",
	"twistedweb":    "Twisted Web",
	"tengine":       "Tengine",
	"miniserv":      "Webmin",
	"litespeed":     "LiteSpeed",
	"envoy":         "Envoy",
	"kestrel":       "Kestrel",
	"uvicorn":       "Uvicorn",
	"gunicorn":      "Gunicorn",
	"monit":         "Monit",
	"airtunes":      "AirPlay",
	"werkzeug":      "Werkzeug",
}
