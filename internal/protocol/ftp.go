package protocol

import (
	"io"

	"rtevent"
)

// ftp greets with 220 and whatever it likes (RFC 959). What follows FEAT (RFC 2389) settles it.
var ftp = Def{
	Name:         "ftp",
	SecureClaims: []string{"ftps"},
	Ports:        []uint16{21, 2121},
	SecurePorts:  []uint16{990},
	Programs: []Program{
		{"vsftpd", "vsftpd"}, {"proftpd", "ProFTPD"}, {"pure-ftpd", "Pure-FTPd"}, {"in.ftpd", ""}, {"ftpd", ""},
		{"bftpd", "bftpd"}, {"pyftpdlib", "pyftpdlib"},
	},
	Greets: true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, hasCoded)
		if greeting, rest, ok := cutCoded(heard); !ok || rest != "" || greeting.code != "220" {
			return heard
		}
		return ask(rw, heard, "FEAT\r\n", hasCoded)
	},
	Bye:      "QUIT\r\n",
	StartTLS: coded("AUTH TLS", "AUTH TLS\r\n", "234"),
	Read:     readFTP,
}

func readFTP(reply string) (rtevent.Finding, bool) {
	greeting, rest, ok := cutCoded(reply)
	if !ok || greeting.code != "220" || hasWord(greeting.text, "ESMTP") || hasWord(greeting.text, "SMTP") {
		return nothing()
	}
	product, version := signed(greeting.text+"\n"+greeting.more, ftpMarks)
	answer, _, answered := cutCoded(rest)
	var f rtevent.Finding
	switch {
	case answered && answer.code == "211" && answer.names(ftpFeatures...):
		f = strong("ftp", "220 greeting, and features of FTP after FEAT", reply)
	case answered && answer.code == "530" && hasWord(answer.text, "USER") && hasWord(answer.text, "PASS"):
		f = strong("ftp", "220 greeting, and asks for USER and PASS", reply)
	case product != "":
		f = strong("ftp", "greeting of "+product, reply)
	case hasWord(greeting.text, "FTP") && !(answered && answer.code == "220"): // who greets again does not listen
		f = weak("ftp", "220 greeting with the word FTP", reply)
	default:
		return nothing()
	}
	f.Product, f.Version = product, version
	f.Details = details("os", system(greeting.text))
	return f, true
}

var ftpFeatures = []string{"EPRT", "EPSV", "MDTM", "PASV", "REST", "SIZE", "TVFS", "MLST", "MFMT", "PBSZ", "PROT"}

var ftpMarks = []mark{
	{"(vsFTPd ", "vsftpd"},
	{"ProFTPD ", "ProFTPD"},
	{"Welcome to Pure-FTPd", "Pure-FTPd"},
	{"FileZilla Server ", "FileZilla Server"},
	{"Microsoft FTP Service", "Microsoft FTP Service"},
	{"pyftpdlib ", "pyftpdlib"},
	{"Serv-U FTP Server v", "Serv-U"},
	{"Wing FTP Server", "Wing FTP Server"},
	{"FTP server (GNU inetutils ", "GNU inetutils ftpd"},
	{"FTP server (Version wu-", "WU-FTPD"},
	{"FTP server (Version ", "BSD ftpd"},
	{"Xlight FTP Server ", "Xlight FTP Server"},
}
