package protocol

import (
	"strings"

	"rtevent"
)

// drda is the protocol of Db2, Derby and Informix: objects with code points, and texts in EBCDIC (The Open Group, DRDA
// volume 3). It is asked to exchange attributes, as every client begins.
var drda = Def{
	Name:         "drda",
	Claims:       []string{"ddm-rdb"},
	SecureClaims: []string{"ddm-ssl"},
	Ports:        []uint16{50000, 446, 1527},
	SecurePorts:  []uint16{448, 50001},
	Programs: []Program{
		{"db2sysc", "IBM Db2"}, {"oninit", "IBM Informix"}, {"org.apache.derby.drda.networkservercontrol", "Apache Derby"},
	},
	Hello: "\x00\x38\xd0\x01\x00\x01" + "\x00\x32\x10\x41" + // request 1: exchange server attributes
		"\x00\x0b\x11\x5e" + drdaSelf + // external name
		"\x00\x18\x14\x04" + // levels of managers: agent, SQL, communications, relational database, security
		"\x14\x03\x00\x07" + "\x24\x07\x00\x07" + "\x14\x74\x00\x05" + "\x24\x0f\x00\x07" + "\x14\x40\x00\x07" +
		"\x00\x0b\x11\x47" + drdaSelf, // class
	Read: func(reply string) (rtevent.Finding, bool) {
		const (
			exchanged, class, release, name = 0x1443, 0x1147, 0x115a, 0x116d
			syntaxError, severity           = 0x124c, 0x1149
		)
		c := cursor{rest: reply}
		length, magic, kind, answers := c.big(2), c.u8(), c.u8(), c.big(2)
		objects := ddmObjects(c.take(length - 6))
		if c.spent || magic != 0xd0 || kind&0x0f != 2 || answers != 1 {
			return nothing()
		}
		if scolds := ddmObjects(objects[syntaxError]); scolds[severity] != "" {
			return strong("drda", "scolds who breaks the rules of DDM", reply), true
		}
		attributes := ddmObjects(objects[exchanged])
		if attributes[class] == "" {
			return nothing()
		}
		f := strong("drda", "attributes of a server", reply)
		kindOf, level := ebcdic(attributes[class]), ebcdic(attributes[release])
		f.Product, f.Version = drdaServer(kindOf, level)
		f.Details = details("class", kindOf, "release", level, "name", ebcdic(attributes[name]))
		return f, true
	},
}

const drdaSelf = "\x99\xa3\x85\xa5\x85\x95\xa3" // "rtevent"

// ddmObjects reads objects by their code points; nil if the bytes are none.
func ddmObjects(bytes string) map[int]string {
	objects := map[int]string{}
	for c := (cursor{rest: bytes}); c.more(); {
		length, point := c.big(2), c.big(2)
		if objects[point] = c.take(length - 4); c.spent {
			return nil
		}
	}
	return objects
}

// drdaServer reads "CSS10140/10.14.2.0 - (1828579)" of Derby and "SQL11055" of Db2: version 11.5, level 5.
func drdaServer(class, release string) (product, version string) {
	if class == "Apache Derby" {
		_, version, _ = strings.Cut(release, "/")
		version, _, _ = strings.Cut(version, " ")
		return "Apache Derby", text(version)
	}
	digits, ok := strings.CutPrefix(release, "SQL")
	if n, isNumber := number(digits); ok && isNumber && len(digits) == 5 && strings.Contains(class, "DB2") {
		return "IBM Db2", dotted(n/1000, n/10%100, n%10)
	}
	return "", ""
}

// ebcdic reads the letters, digits and signs that all code pages of EBCDIC agree on.
func ebcdic(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 0x81 <= c && c <= 0x89:
			b.WriteByte('a' + c - 0x81)
		case 0x91 <= c && c <= 0x99:
			b.WriteByte('j' + c - 0x91)
		case 0xa2 <= c && c <= 0xa9:
			b.WriteByte('s' + c - 0xa2)
		case 0xc1 <= c && c <= 0xc9:
			b.WriteByte('A' + c - 0xc1)
		case 0xd1 <= c && c <= 0xd9:
			b.WriteByte('J' + c - 0xd1)
		case 0xe2 <= c && c <= 0xe9:
			b.WriteByte('S' + c - 0xe2)
		case 0xf0 <= c && c <= 0xf9:
			b.WriteByte('0' + c - 0xf0)
		default:
			b.WriteByte(ebcdicSigns[c])
		}
	}
	return strings.TrimSpace(b.String())
}

// ebcdicSigns are the signs; what is none of them reads as a zero byte, which no text keeps.
var ebcdicSigns = map[byte]byte{0x40: ' ', 0x4b: '.', 0x4d: '(', 0x5d: ')', 0x60: '-', 0x61: '/', 0x6d: '_', 0x6f: '?', 0x7a: ':'}
