// Reading binary protocols, with every length checked.

package protocol

import (
	"strings"
)

// A cursor reads a reply from front to back. Once something was not there it stays spent and reads zeros, so that a
// reader asks once, at the end, whether all was well.
type cursor struct {
	rest  string
	spent bool // something that was read was not there
}

// take reads n bytes; empty if there are not so many.
func (c *cursor) take(n int) string {
	if c.spent || n < 0 || n > len(c.rest) {
		c.rest, c.spent = "", true
		return ""
	}
	s := c.rest[:n]
	c.rest = c.rest[n:]
	return s
}

// big reads an unsigned number of n bytes, at most 4, the highest byte first.
func (c *cursor) big(n int) int {
	v := 0
	for _, b := range []byte(c.take(n)) {
		v = v<<8 | int(b)
	}
	return v
}

// little is big with the lowest byte first.
func (c *cursor) little(n int) int {
	v := 0
	for i, b := range []byte(c.take(n)) {
		v |= int(b) << (8 * i)
	}
	return v
}

// u8 reads a byte.
func (c *cursor) u8() byte {
	if s := c.take(1); s != "" {
		return s[0]
	}
	return 0
}

// zero reads a string that a zero byte ends.
func (c *cursor) zero() string {
	end := strings.IndexByte(c.rest, 0)
	if end < 0 {
		c.take(-1)
		return ""
	}
	s := c.take(end)
	c.take(1)
	return s
}

// counted reads a string after its length, which is a big-endian number of n bytes.
func (c *cursor) counted(n int) string { return c.take(c.big(n)) }

// more tells whether there is something left to read.
func (c *cursor) more() bool { return !c.spent && c.rest != "" }
