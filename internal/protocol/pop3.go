package protocol

import (
	"io"
	"slices"
	"strings"

	"rtevent"
)

// pop3 greets with +OK (RFC 1939). What follows CAPA (RFC 2449) settles what the greeting leaves open.
var pop3 = Def{
	Name:         "pop3",
	SecureClaims: []string{"pop3s"},
	Ports:        []uint16{110},
	SecurePorts:  []uint16{995},
	Programs: []Program{
		{"dovecot", "Dovecot"}, {"pop3-login", "Dovecot"}, {"pop3d", ""}, {"popa3d", "popa3d"},
		{"cyrus-pop3d", "Cyrus POP3"},
	},
	Greets: true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, hasLine)
		if greeting, ok := oneLine(heard); !ok || !strings.HasPrefix(greeting, "+OK") {
			return heard
		}
		return ask(rw, heard, "CAPA\r\n", func(answer string) bool {
			return strings.HasSuffix(answer, "\n.\r\n") || strings.HasPrefix(answer, "-ERR") && hasLine(answer)
		})
	},
	Bye:      "QUIT\r\n",
	StartTLS: pop3StartTLS,
	Read:     readPOP3,
}

func readPOP3(reply string) (rtevent.Finding, bool) {
	line, rest, ok := cutLine(reply)
	greeting, isOK := strings.CutPrefix(line, "+OK")
	if !ok || !isOK || greeting != "" && greeting[0] != ' ' {
		return nothing()
	}
	product, version := marked(greeting, pop3Marks)
	var f rtevent.Finding
	switch {
	case pop3Capable(rest):
		f = strong("pop3", "+OK, and capabilities of POP3 after CAPA", reply)
	case product != "":
		f = strong("pop3", "+OK and greeting of "+product, reply)
	case hasWord(greeting, "POP3") && !strings.HasPrefix(rest, line): // who greets again does not listen
		f = weak("pop3", "+OK and the word POP3", reply)
	case pop3Stamp(greeting):
		f = strong("pop3", "+OK and a time stamp for APOP", reply)
	default:
		return nothing()
	}
	f.Product, f.Version = product, version
	if _, name, ok := strings.Cut(rest, "\nIMPLEMENTATION "); ok && product == "" {
		name, _, _ = cutLine(name)
		f.Product = text(name)
	}
	f.Details = details("os", system(greeting))
	return f, true
}

// pop3Capable tells the answer to CAPA: a list that ends in a dot, with names that only POP3 has.
func pop3Capable(answer string) bool {
	_, list, ok := cutLine(answer)
	if !ok || !strings.HasPrefix(answer, "+OK") {
		return false
	}
	list, _, ok = strings.Cut("\n"+list, "\n.\r\n")
	list += "\n"
	return ok && slices.ContainsFunc([]string{"UIDL", "TOP", "STLS"}, func(name string) bool {
		return strings.Contains(list, "\n"+name+"\r\n")
	})
}

// pop3Stamp tells the time stamp that ends a greeting of a server that knows APOP: "<1896.697@dewey.example>".
func pop3Stamp(greeting string) bool {
	stamp := greeting[strings.LastIndexByte(greeting, ' ')+1:]
	at := strings.IndexByte(stamp, '@')
	return at > 1 && strings.HasPrefix(stamp, "<") && strings.HasSuffix(stamp, ">") && strings.Contains(stamp[:at], ".")
}

var pop3Marks = []mark{
	{" Dovecot ", "Dovecot"},
	{"Microsoft Exchange POP3 service", "Microsoft Exchange"},
	{" Cyrus POP3 v", "Cyrus POP3"},
	{" Cyrus POP3 ", "Cyrus POP3"},
	{" Qpopper (version ", "Qpopper"},
}
