package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// imap greets with an untagged OK, most often with its capabilities (RFC 9051). Where it knows ID (RFC 2971), it tells
// its name and version to whoever asks.
var imap = Def{
	Name:         "imap",
	Claims:       []string{"imap2"},
	SecureClaims: []string{"imaps"},
	Ports:        []uint16{143},
	SecurePorts:  []uint16{993},
	Programs: []Program{
		{"dovecot", "Dovecot"}, {"imap-login", "Dovecot"}, {"imapd", ""}, {"cyrus-imapd", "Cyrus IMAP"},
		{"couriertcpd", "Courier"},
	},
	Greets:   true,
	Talk:     talkIMAP,
	StartTLS: imapStartTLS,
	Bye:      "z LOGOUT\r\n",
	Read:     readIMAP,
}

func talkIMAP(rw io.ReadWriter, heard string) string {
	heard = hear(rw, heard, hasLine)
	if !strings.HasPrefix(heard, "* OK") && !strings.HasPrefix(heard, "* PREAUTH") {
		return heard
	}
	if imapCapabilities(heard) == "" {
		heard = ask(rw, heard, "a CAPABILITY\r\n", tagged("a"))
	}
	if hasWord(imapCapabilities(heard), "ID") {
		heard = ask(rw, heard, "b ID NIL\r\n", tagged("b"))
	}
	return heard
}

// tagged tells whether the line that completes a command was heard.
func tagged(tag string) func(string) bool {
	return func(answer string) bool {
		_, line, ok := strings.Cut("\n"+answer, "\n"+tag+" ")
		return ok && hasLine(line)
	}
}

func readIMAP(reply string) (rtevent.Finding, bool) {
	line, rest, ok := cutLine(reply)
	status, greeting, _ := strings.Cut(strings.TrimPrefix(line, "* "), " ")
	if !ok || !strings.HasPrefix(line, "* ") || status != "OK" && status != "PREAUTH" && status != "BYE" {
		return nothing()
	}
	product, version := marked(greeting, imapMarks)
	var f rtevent.Finding
	switch {
	case imapCapabilities(reply) != "":
		f = strong("imap", "untagged greeting and capabilities of IMAP", reply)
	case strings.HasPrefix(rest, line): // who greets again does not listen
		return nothing()
	case hasWord(greeting, "IMAP4rev1") || hasWord(greeting, "IMAP4") || hasWord(greeting, "IMAP"):
		f = weak("imap", "untagged greeting that says IMAP", reply)
	case product != "":
		f = weak("imap", "untagged greeting of "+product, reply)
	default:
		return nothing()
	}
	f.Product, f.Version = product, version
	if name, v := imapID(reply); name != "" {
		f.Product, f.Version = name, v
	}
	f.Details = details("os", system(greeting))
	return f, true
}

// imapCapabilities are those that were told in the greeting or after CAPABILITY: "IMAP4rev1 ID IDLE"; empty if there are
// none, or not of IMAP.
func imapCapabilities(reply string) string {
	for _, before := range []string{"[CAPABILITY ", "\n* CAPABILITY "} {
		if _, list, ok := strings.Cut(reply, before); ok {
			if end := strings.IndexAny(list, "]\r\n"); end > 0 && strings.Contains(list[:end], "IMAP4") {
				return list[:end]
			}
		}
	}
	return ""
}

// imapID reads name and version of `* ID ("name" "Dovecot" "version" "2.3")`.
func imapID(reply string) (name, version string) {
	_, list, ok := strings.Cut(reply, "\n* ID (")
	list, _, closed := strings.Cut(list, ")")
	if !ok || !closed {
		return "", ""
	}
	fields := strings.Split(list, `"`) // blanks, key, blank, value...
	for i := 1; i+2 < len(fields); i += 4 {
		switch strings.ToLower(fields[i]) {
		case "name":
			name = text(fields[i+2])
		case "version":
			version = text(fields[i+2])
		}
	}
	return name, version
}

var imapMarks = []mark{
	{"] Dovecot ", "Dovecot"},
	{"Dovecot ready.", "Dovecot"},
	{"Courier-IMAP ready.", "Courier"},
	{" Cyrus IMAP v", "Cyrus IMAP"},
	{" Cyrus IMAP ", "Cyrus IMAP"},
	{"Microsoft Exchange IMAP4 service", "Microsoft Exchange"},
	{"Gimap ready", "Gmail"},
	{"Stalwart IMAP4", "Stalwart"},
}
