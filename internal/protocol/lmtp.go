package protocol

import (
	"rtevent"
)

// lmtp is SMTP for the last hop (RFC 2033): it greets alike, knows LHLO and refuses EHLO, which is how talkSMTP comes to
// know it.
var lmtp = Def{
	Name:     "lmtp",
	Ports:    []uint16{24},
	Programs: []Program{{"lmtpd", ""}, {"dovecot", "Dovecot"}},
	Greets:   true,
	Talk:     talkSMTP,
	StartTLS: coded("STARTTLS", "STARTTLS\r\n", "220"),
	Bye:      "QUIT\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		greeting, rest, ok := cutCoded(reply)
		if !ok || greeting.code != "220" {
			return nothing()
		}
		if refused, after, ok := cutCoded(rest); ok && refused.code[0] == '5' {
			rest = after
		} else if !hasWord(greeting.text, "LMTP") {
			return nothing()
		}
		var f rtevent.Finding
		switch hello, _, answered := cutCoded(rest); {
		case answered && hello.code == "250" && hello.names(smtpExtensions...):
			f = strong("lmtp", "LMTP greeting, and extensions after LHLO", reply)
		case rest == "" && hasWord(greeting.text, "LMTP"):
			f = strong("lmtp", "LMTP greeting", reply)
		default:
			return nothing()
		}
		f.Product, f.Version = marked(greeting.text, lmtpMarks)
		return f, true
	},
}

var lmtpMarks = []mark{
	{" Dovecot ", "Dovecot"},
	{" Cyrus LMTP v", "Cyrus IMAP"},
	{" Cyrus LMTP ", "Cyrus IMAP"},
	{"LMTP Postfix", "Postfix"},
}
