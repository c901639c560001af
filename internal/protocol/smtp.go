package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// smtp greets with 220 and its host name (RFC 5321). FTP greets with 220 too, so a greeting that says neither is
// settled by what follows EHLO.
var smtp = Def{
	Name:         "smtp",
	Claims:       []string{"submission"},
	SecureClaims: []string{"submissions", "smtps"},
	Ports:        []uint16{25, 587, 2525},
	SecurePorts:  []uint16{465},
	Programs: []Program{
		{"master", "Postfix"}, {"exim4", "Exim"}, {"exim", "Exim"}, {"sendmail", ""}, {"smtpd", ""},
		{"opensmtpd", "OpenSMTPD"}, {"qmail-smtpd", "qmail"}, {"haraka", "Haraka"}, {"mailpit", "Mailpit"},
		{"MailHog", "MailHog"},
	},
	Greets:   true,
	Talk:     talkSMTP,
	StartTLS: coded("STARTTLS", "STARTTLS\r\n", "220"),
	Bye:      "QUIT\r\n",
	Read:     readSMTP,
}

// talkSMTP asks for the extensions. Who refuses EHLO may know its twin: LMTP servers must refuse it (RFC 2033, section
// 4.1).
func talkSMTP(rw io.ReadWriter, heard string) string {
	heard = hear(rw, heard, hasCoded)
	greeting, rest, ok := cutCoded(heard)
	if !ok || rest != "" || greeting.code != "220" {
		return heard
	}
	if hasWord(greeting.text, "LMTP") {
		return ask(rw, heard, "LHLO localhost\r\n", hasCoded)
	}
	asked := ask(rw, heard, "EHLO localhost\r\n", hasCoded)
	if answer, _, ok := cutCoded(asked[len(heard):]); ok && answer.code == "500" && !hasWord(greeting.text, "FTP") {
		return ask(rw, asked, "LHLO localhost\r\n", hasCoded)
	}
	return asked
}

func readSMTP(reply string) (rtevent.Finding, bool) {
	greeting, rest, ok := cutCoded(reply)
	if !ok || hasWord(greeting.text, "LMTP") || hasWord(greeting.text, "FTP") {
		return nothing()
	}
	host, _, _ := strings.Cut(greeting.text, " ")
	says := isHostName(host) && (hasWord(greeting.text, "ESMTP") || hasWord(greeting.text, "SMTP"))
	product, version := signed(greeting.text, smtpMarks)
	hello, _, answered := cutCoded(rest)
	var f rtevent.Finding
	switch {
	case greeting.code == "220" && answered && hello.code == "250" && hello.names(smtpExtensions...):
		f = strong("smtp", "SMTP greeting, and extensions after EHLO", reply)
	case greeting.code == "220" && says && (product != "" || isDomain(host)):
		f = strong("smtp", "SMTP greeting", reply)
	case greeting.code == "220" && says && !(answered && hello.code == "220"): // who greets again does not listen
		f = weak("smtp", "220 greeting with the word SMTP", reply)
	case (greeting.code == "421" || greeting.code == "554") && says && rest == "":
		f = weak("smtp", "SMTP refuses service", reply)
	case greeting.code == "220" && isDomain(host) && rest == "":
		f = weak("smtp", "greeting with a host name, as of SMTP", reply)
	default:
		return nothing()
	}
	f.Product, f.Version = product, version
	if isDomain(host) {
		f.Details = details("host", host, "os", system(greeting.text))
	}
	return f, true
}

var smtpExtensions = []string{
	"PIPELINING", "SIZE", "8BITMIME", "STARTTLS", "ENHANCEDSTATUSCODES", "AUTH", "CHUNKING", "SMTPUTF8", "DSN", "ETRN", "VRFY",
	"EXPN", "BINARYMIME", "DELIVERBY",
}

var smtpMarks = []mark{
	{"ESMTP Postfix", "Postfix"},
	{"ESMTP Exim ", "Exim"},
	{"ESMTP Sendmail ", "Sendmail"},
	{"ESMTP OpenSMTPD", "OpenSMTPD"},
	{"Microsoft ESMTP MAIL Service, Version: ", "Microsoft ESMTP"},
	{"Microsoft ESMTP MAIL Service", "Microsoft Exchange"},
	{"ESMTP Haraka/", "Haraka"},
	{"ESMTP MailHog", "MailHog"},
	{"ESMTP CommuniGate Pro ", "CommuniGate Pro"},
	{"ESMTP MDaemon ", "MDaemon"},
	{"Kerio Connect ", "Kerio Connect"},
	{"Stalwart ESMTP", "Stalwart"},
	{"Python SMTP ", "aiosmtpd"},
}
