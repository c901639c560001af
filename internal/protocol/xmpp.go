package protocol

import (
	"strings"

	"rtevent"
)

// xmppClient and xmppServer are the two doors of XMPP (RFC 6120): the namespace of the stream that the server opens tells
// which of them this is, whatever it was asked.
var (
	xmppClient = Def{
		Name:        "xmpp-client",
		Ports:       []uint16{5222},
		SecurePorts: []uint16{5223},
		Programs:    xmppPrograms,
		Hello:       xmppOpen("jabber:client"),
		StartTLS:    xmppStartTLS,
		Bye:         xmppClose,
		Read:        func(reply string) (rtevent.Finding, bool) { return readXMPP(reply, "xmpp-client", "jabber:client") },
	}
	xmppServer = Def{
		Name:        "xmpp-server",
		Ports:       []uint16{5269},
		SecurePorts: []uint16{5270},
		Programs:    xmppPrograms,
		Hello:       xmppOpen("jabber:server"),
		StartTLS:    xmppStartTLS,
		Bye:         xmppClose,
		Read:        func(reply string) (rtevent.Finding, bool) { return readXMPP(reply, "xmpp-server", "jabber:server") },
	}
)

var xmppPrograms = []Program{{"prosody", "Prosody"}, {"ejabberd", "ejabberd"}, {"openfire", "Openfire"}, {"tigase", "Tigase"}, {"jabberd", "jabberd"}}

const (
	xmppStreams = "http://etherx.jabber.org/streams"
	xmppClose   = "</stream:stream>"
)

func xmppOpen(namespace string) string {
	return "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='" + namespace + "' xmlns:stream='" + xmppStreams + "'>"
}

func readXMPP(reply, protocol, namespace string) (rtevent.Finding, bool) {
	head := strings.TrimLeft(reply, " \r\n")
	if declaration, rest, ok := strings.Cut(head, "?>"); ok && strings.HasPrefix(declaration, "<?xml ") {
		head = strings.TrimLeft(rest, " \r\n")
	}
	tag, _, ok := strings.Cut(head, ">")
	if !ok || !strings.HasPrefix(tag, "<stream:stream ") || attribute(tag, "xmlns:stream") != xmppStreams || attribute(tag, "xmlns") != namespace ||
		!strings.Contains(tag, " id=") { // which only the server's side of a stream has
		return nothing()
	}
	f := strong(protocol, "a stream of "+namespace, head)
	f.Details = details("host", attribute(tag, "from"), "starttls", when(strings.Contains(head, "<starttls "), "offered"))
	return f, true
}

// attribute is the value of an attribute in a tag of XML; empty if there is none.
func attribute(tag, name string) string {
	_, value, ok := strings.Cut(tag, " "+name+"=")
	if !ok || value == "" || value[0] != '\'' && value[0] != '"' {
		return ""
	}
	value, _, ok = strings.Cut(value[1:], value[:1])
	if !ok {
		return ""
	}
	return value
}
