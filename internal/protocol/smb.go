package protocol

import (
	"io"
	"strings"
	"unicode/utf16"

	"rtevent"
)

// smb is asked for its dialect as clients of SMB 3 do, and then for the challenge with which a login begins: that tells the
// names of the host and the build of Windows. Nobody tries to log in.
var smb = Def{
	Name:   "smb",
	Claims: []string{"microsoft-ds", "netbios-ssn"},
	Ports:  []uint16{445, 139},
	Programs: []Program{
		{"smbd", "Samba"}, {"ksmbd.mountd", "ksmbd"}, {"impacket-smbserver", "Impacket"},
	},
	Hello: smbFrame(0, "\x24\x00"+"\x05\x00"+"\x01\x00"+"\x00\x00"+"\x00\x00\x00\x00"+"rtevent rtevent "+
		"\x70\x00\x00\x00"+"\x01\x00"+"\x00\x00"+ // one context, 112 bytes into the message
		"\x02\x02\x10\x02\x00\x03\x02\x03\x11\x03"+"\x00\x00"+
		"\x01\x00"+"\x26\x00"+"\x00\x00\x00\x00"+"\x01\x00\x20\x00\x01\x00"+strings.Repeat("rtevent ", 4)), // SHA-512 and salt
	Talk: func(rw io.ReadWriter, heard string) string {
		c := cursor{rest: heard}
		if m, ok := smbMessage(&c); !ok || m.command != 0 || m.status != 0 || c.more() {
			return heard
		}
		return ask(rw, heard, smbFrame(1, "\x19\x00"+"\x00"+"\x01"+"\x00\x00\x00\x00"+"\x00\x00\x00\x00"+
			"\x58\x00"+string([]byte{byte(len(smbLogin)), 0})+"\x00\x00\x00\x00\x00\x00\x00\x00"+smbLogin),
			func(answer string) bool {
				_, ok := smbMessage(&cursor{rest: answer})
				return ok
			})
	},
	Manners: "wwwwa",
	Only:    true,
	Read:    readSMB,
}

// smbLogin asks for NTLM in SPNEGO (RFC 4178): its first message, without names.
var smbLogin = ber(0x60, ber(berOID, "\x2b\x06\x01\x05\x05\x02"), ber(0xa0, ber(berSequence,
	ber(0xa0, ber(berSequence, ber(berOID, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"))),
	ber(0xa2, ber(berString, "NTLMSSP\x00"+"\x01\x00\x00\x00"+"\x05\x82\x08\xa2"+strings.Repeat("\x00", 16)+
		"\x0a\x00\x00\x00\x00\x00\x00\x0f")))))

// smbFrame is a request of SMB2, numbered like its command, after its length.
func smbFrame(command byte, body string) string {
	message := "\xfeSMB\x40\x00" + "\x00\x00" + "\x00\x00\x00\x00" + string([]byte{command, 0}) + "\x01\x00" +
		"\x00\x00\x00\x00" + "\x00\x00\x00\x00" + string([]byte{command}) + strings.Repeat("\x00", 7+4+4+8+16) + body
	return string([]byte{0, 0, byte(len(message) >> 8), byte(len(message))}) + message
}

// smbReply is a response of SMB2.
type smbReply struct {
	command, status int
	whole           string // from its header on, which is where offsets count from
}

// smbMessage reads a response after its length.
func smbMessage(c *cursor) (smbReply, bool) {
	zero := c.u8()
	m := cursor{rest: c.counted(3)}
	r := smbReply{whole: m.rest}
	magic := m.take(6)
	m.take(2)
	r.status, r.command = m.little(4), m.little(2)
	m.take(2)
	const toClient = 1
	flags := m.little(4)
	m.take(4 + 8 + 8 + 8 + 16)
	return r, !c.spent && !m.spent && zero == 0 && magic == "\xfeSMB\x40\x00" && flags&toClient != 0
}

func readSMB(reply string) (rtevent.Finding, bool) {
	if len(reply) == 5 && reply[:4] == "\x83\x00\x00\x01" && reply[4] >= 0x80 && reply[4] <= 0x8f {
		return weak("smb", "a NetBIOS session is refused", reply), true
	}
	c := cursor{rest: reply}
	m, ok := smbMessage(&c)
	if !ok || m.command != 0 {
		return nothing()
	}
	body := cursor{rest: m.whole[64:]}
	size, mode, dialect := body.little(2), body.little(2), body.little(2)
	if m.status != 0 && size == 9 {
		return strong("smb", "SMB2 refuses to negotiate", reply), true
	}
	name, known := smbDialects[dialect]
	if body.spent || size != 65 || !known {
		return nothing()
	}
	f := strong("smb", "SMB "+name+" negotiated", reply)
	const mustSign = 2
	var challenge ntlmChallenge
	if setup, ok := smbMessage(&c); ok && setup.command == 1 {
		challenge = ntlm(setup.whole)
		f.Product, f.Version = challenge.system()
	}
	f.Details = details("dialect", name, "signing", when(mode&mustSign != 0, "required"),
		"host", challenge.host, "domain", challenge.domain)
	return f, true
}

var smbDialects = map[int]string{
	0x0202: "2.0.2", 0x0210: "2.1", 0x0300: "3.0", 0x0302: "3.0.2", 0x0311: "3.1.1", 0x02ff: "2",
}

// ntlmChallenge is what a CHALLENGE_MESSAGE of NTLM tells ([MS-NLMP], section 2.2.1.2).
type ntlmChallenge struct {
	host, domain        string // in DNS if it has such names, else in NetBIOS
	major, minor, build int    // of Windows
}

// ntlm reads the challenge that is somewhere in a message.
func ntlm(message string) ntlmChallenge {
	var n ntlmChallenge
	const signature = "NTLMSSP\x00\x02\x00\x00\x00"
	start := max(strings.Index(message, signature), 0)
	whole := message[start:]
	c := cursor{rest: whole}
	if c.take(len(signature)) != signature {
		return n
	}
	c.take(8) // target
	flags := c.little(4)
	c.take(8 + 8) // challenge, reserved
	length, _, offset := c.little(2), c.take(2), c.little(4)
	const hasVersion = 0x02000000
	if flags&hasVersion != 0 {
		n.major, n.minor, n.build = int(c.u8()), int(c.u8()), c.little(2)
	}
	info := cursor{rest: whole}
	info.take(offset)
	names := map[int]string{}
	for info = (cursor{rest: info.take(length)}); info.more(); {
		id, size := info.little(2), info.little(2)
		names[id] = utf16le(info.take(size))
	}
	n.host, n.domain = names[3], names[4]
	if n.host == "" {
		n.host, n.domain = names[1], names[2]
	}
	return n
}

// system tells what calls itself Windows without a build from Windows, which has one: it is Samba.
func (n ntlmChallenge) system() (product, version string) {
	switch {
	case n.major == 6 && n.minor == 1 && n.build == 0:
		return "Samba", ""
	case n.build > 0:
		return "Windows", dotted(n.major, n.minor, n.build)
	}
	return "", ""
}

// utf16le decodes UTF-16, the lower byte first.
func utf16le(s string) string {
	var units []uint16
	for c := (cursor{rest: s}); c.more(); {
		units = append(units, uint16(c.little(2)))
	}
	return string(utf16.Decode(units))
}
