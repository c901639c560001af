package protocol

import (
	"strings"

	"rtevent"
)

// ssdp is searched for root devices (UPnP Device Architecture 1.1, section 1.3.2); it answers in the form of HTTP.
var ssdp = Def{
	Name:     "ssdp",
	Ports:    []uint16{1900},
	Programs: []Program{{"minidlnad", "MiniDLNA"}, {"minissdpd", "MiniSSDPd"}, {"miniupnpd", "MiniUPnPd"}, {"gssdp-discover", ""}},
	Datagram: "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		head, ok := cutHead(reply)
		if !ok || !isSSDP(head) {
			return nothing()
		}
		f := strong("ssdp", "the answer to a search", reply)
		tokens := strings.Fields(head.field("Server")) // system, UPnP, product
		if len(tokens) >= 3 {
			product, version := nameVersion(tokens[len(tokens)-1], "/")
			f.Product, f.Version = text(product), text(version)
		}
		f.Details = details("server", head.field("Server"), "location", head.field("Location"))
		return f, true
	},
}

// isSSDP tells an answer to a search from one of HTTP.
func isSSDP(h httpHead) bool {
	return h.whole && h.status == "200" && h.field("ST") != "" && strings.HasPrefix(h.field("USN"), "uuid:")
}
