package protocol

import (
	"strings"

	"rtevent"
)

// ipp is what printers speak inside HTTP (RFC 8010). A server of it says so in its Server field, whatever the page: to ask
// a printer for more than a page would be to print.
var ipp = Def{
	Name:         "ipp",
	SecureClaims: []string{"ipps"},
	Ports:        []uint16{631},
	Programs: []Program{
		{"cupsd", "CUPS"}, {"ippserver", "ippserver"}, {"ippeveprinter", "ippeveprinter"}, {"ipp-usb", "ipp-usb"},
	},
	Hello: "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rtevent\r\nAccept: */*\r\nConnection: close\r\n\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		head, ok := cutHead(reply)
		version := ippVersion(head)
		if !ok || !head.whole || version == "" {
			return nothing()
		}
		f := strong("ipp", "HTTP with IPP in the Server field", reply[:len(reply)-len(head.body)])
		f.Product, f.Version = httpPlatform(head)
		length, _ := number(head.field("Content-Length"))
		if _, version, ok := strings.Cut(head.title(), " - CUPS v"); ok {
			f.Product, f.Version = "CUPS", versionOf(version)
		} else if len(head.body) < length {
			f.Version = "" // the page may tell more of it
		}
		f.Details = details("protocol", "IPP/"+version, "status", head.status)
		return f, true
	},
}

// ippVersion is the version of IPP that the Server field names: "2.1" of "CUPS/2.4 IPP/2.1".
func ippVersion(h httpHead) string {
	for word := range strings.FieldsSeq(h.field("Server")) {
		if version, ok := strings.CutPrefix(word, "IPP/"); ok && isVersion(version) {
			return version
		}
	}
	return ""
}
