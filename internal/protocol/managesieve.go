package protocol

import (
	"strings"

	"rtevent"
)

// managesieve greets with its capabilities, each a line of quoted strings, and OK (RFC 5804).
var managesieve = Def{
	Name:     "managesieve",
	Claims:   []string{"sieve"},
	Ports:    []uint16{4190, 2000},
	Programs: []Program{{"managesieve-login", "Dovecot"}, {"dovecot", "Dovecot"}, {"timsieved", "Cyrus IMAP"}},
	Greets:   true,
	StartTLS: sieveStartTLS,
	Bye:      "LOGOUT\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		capabilities, rest, ok := strings.Cut("\n"+reply, "\nOK")
		implementation, sieve := quoted(capabilities, "IMPLEMENTATION"), quoted(capabilities, "SIEVE")
		if !ok || implementation == "" || sieve == "" || !strings.HasPrefix(reply, `"`) || !hasLine(rest) {
			return nothing()
		}
		f := strong("managesieve", "capabilities IMPLEMENTATION and SIEVE, and OK", reply)
		f.Product, f.Version = marked(implementation, []mark{
			{"Dovecot", "Dovecot"}, {"Cyrus timsieved v", "Cyrus IMAP"}, {"Cyrus timsieved ", "Cyrus IMAP"},
			{"Citadel Sieve ", "Citadel"},
		})
		if f.Product == "" {
			f.Product = text(implementation)
		}
		f.Details = details("os", system(implementation))
		return f, true
	},
}

// quoted is the second string of the line that begins with a name, both in quotes: `"SIEVE" "fileinto reject"`.
func quoted(lines, name string) string {
	_, value, ok := strings.Cut(lines, "\n\""+name+"\" \"")
	value, _, ended := strings.Cut(value, "\"")
	if !ok || !ended {
		return ""
	}
	return value
}
