// BER, in which LDAP, SNMP and Kerberos are written (X.690).

package protocol

import (
	"strings"
)

// The tags of BER's own types.
const (
	berInteger  = 0x02
	berString   = 0x04
	berOID      = 0x06
	berEnum     = 0x0a
	berSequence = 0x30
	berSet      = 0x31
)

// ber writes a value of less than 64 KiB: its tag, its length, and its parts one after the other.
func ber(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	n := len(body)
	switch {
	case n < 0x80:
		return string([]byte{tag, byte(n)}) + body
	case n < 0x100:
		return string([]byte{tag, 0x81, byte(n)}) + body
	default:
		return string([]byte{tag, 0x82, byte(n >> 8), byte(n)}) + body
	}
}

// ber reads a value.
func (c *cursor) ber() (tag byte, body string) {
	tag = c.u8()
	n := int(c.u8())
	if n >= 0x80 {
		if n &= 0x7f; n == 0 || n > 4 {
			n = -1 // of unknown length, which none of them uses, or absurd
		} else {
			n = c.big(n)
		}
	}
	return tag, c.take(n)
}

// berOf reads a value that has to have this tag.
func (c *cursor) berOf(want byte) string {
	tag, body := c.ber()
	if tag != want {
		c.take(-1)
	}
	return body
}

// berNumber is an unsigned INTEGER of at most 31 bits; -1 for any other.
func berNumber(body string) int {
	if len(body) == 0 || len(body) > 4 || body[0] >= 0x80 {
		return -1
	}
	return (&cursor{rest: body}).big(len(body))
}
