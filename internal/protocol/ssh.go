package protocol

import (
	"strings"

	"rtevent"
)

// ssh greets with its identification string (RFC 4253, section 4.2). A client that leaves without its own leaves an
// error in the log of sshd; one that names itself and then disconnects leaves a line of information.
var ssh = Def{
	Name:   "ssh",
	Claims: []string{"sftp-ssh"},
	Ports:  []uint16{22, 2222},
	Programs: []Program{
		{"sshd", "OpenSSH"}, {"dropbear", "Dropbear"}, {"tinysshd", "TinySSH"}, {"sftpgo", "SFTPGo"}, {"gitea", "Gitea"},
		{"forgejo", "Forgejo"}, {"teleport", "Teleport"},
	},
	Greets: true,
	Bye:    "SSH-2.0-rtevent\r\n" + sshDisconnect,
	Only:   true,
	Read:   readSSH,
}

// sshDisconnect is SSH_MSG_DISCONNECT "by application" in a plain packet: length, padding, message, padding.
const sshDisconnect = "\x00\x00\x00\x14\x06" + "\x01" + "\x00\x00\x00\x0b" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00"

func readSSH(reply string) (rtevent.Finding, bool) {
	line, _, ended := cutLine(reply)
	rest, ok := strings.CutPrefix(line, "SSH-")
	if !ok || !ended || len(line) > 253 || !allOf(line, isPrint) {
		return nothing()
	}
	protocol, rest, _ := strings.Cut(rest, "-")
	software, comment, _ := strings.Cut(rest, " ")
	if protocol != "2.0" && protocol != "1.99" && protocol != "1.5" || software == "" {
		return nothing()
	}
	f := strong("ssh", "SSH identification string", line)
	name, version := nameVersion(software, "_-/")
	f.Product, f.Version = text(name), text(version)
	if known, ok := sshSoftware[strings.ToLower(name)]; ok {
		f.Product = known
	}
	f.Details = details("comment", comment, "os", sshSystem(comment))
	return f, true
}

// sshSystem is the system that the packager names in the comment: "Debian-2+deb12u5", "FreeBSD-20200214".
func sshSystem(comment string) string {
	system, _, ok := strings.Cut(comment, "-")
	if !ok || !allOf(system, isAlpha) {
		return ""
	}
	return system
}

// sshSoftware has the products whose identification, in lower case, is not their name.
var sshSoftware = map[string]string{
	"dropbear":            "Dropbear",
	"openssh_for_windows": "OpenSSH for Windows",
	"go":                  "Go x/crypto/ssh",
	"apache-sshd":         "Apache MINA SSHD",
	"sshd-core":           "Apache MINA SSHD",
	"mod_sftp":            "ProFTPD mod_sftp",
	"rosssh":              "MikroTik RouterOS",
	"paramiko":            "Paramiko",
	"tinyssh":             "TinySSH",
	"cisco":               "Cisco SSH",
}
