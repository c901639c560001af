package protocol

import (
	"strings"

	"rtevent"
)

// sip is asked for its options, which is how clients see whether a server lives (RFC 3261, section 11).
var sip = Def{
	Name:         "sip",
	SecureClaims: []string{"sips"},
	Ports:        []uint16{5060},
	SecurePorts:  []uint16{5061},
	Programs: []Program{
		{"kamailio", "Kamailio"}, {"opensips", "OpenSIPS"}, {"asterisk", "Asterisk"}, {"freeswitch", "FreeSWITCH"}, {"flexisip", "Flexisip"},
	},
	Hello:    sipOptions("TCP"),
	Datagram: sipOptions("UDP"),
	Manners:  "xwwww",
	Read: func(reply string) (rtevent.Finding, bool) {
		status, head, ok := cutLine(reply)
		code, words := strings.CutPrefix(status, "SIP/2.0 ")
		head, _, ended := strings.Cut(head, "\r\n\r\n")
		if !ok || !words || !ended || len(code) < 4 || !allOf(code[:3], isDigit) || code[3] != ' ' || sipField(head, "CSeq") == "" {
			return nothing()
		}
		f := strong("sip", "SIP/2.0 status and CSeq", reply)
		agent := sipField(head, "Server")
		if agent == "" {
			agent = sipField(head, "User-Agent")
		}
		f.Product, f.Version = sipAgent(agent)
		f.Details = details("status", code[:3])
		return f, true
	},
}

func sipOptions(transport string) string {
	return "OPTIONS sip:localhost SIP/2.0\r\nVia: SIP/2.0/" + transport + " localhost;branch=z9hG4bKrtevent;rport\r\n" +
		"Max-Forwards: 70\r\nFrom: <sip:rtevent@localhost>;tag=rtevent\r\nTo: <sip:localhost>\r\n" +
		"Call-ID: rtevent@localhost\r\nCSeq: 1 OPTIONS\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n"
}

// sipField is the value of a header field; empty if there is none.
func sipField(head, name string) string {
	for line := range strings.Lines(head) {
		field, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(field), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// sipAgent reads "kamailio (5.6.3 (x86_64/linux))", "Asterisk PBX 18.10.0", "FreeSWITCH-mod_sofia/1.10.7".
func sipAgent(agent string) (product, version string) {
	product, version = marked(agent, []mark{
		{"kamailio (", "Kamailio"}, {"Kamailio (", "Kamailio"}, {"OpenSIPS (", "OpenSIPS"}, {"Asterisk PBX ", "Asterisk"},
		{"FreeSWITCH-mod_sofia/", "FreeSWITCH"}, {"FPBX-", "FreePBX"},
	})
	if product == "" {
		product, version = nameVersion(agent, " /(-")
	}
	return text(product), text(version)
}
