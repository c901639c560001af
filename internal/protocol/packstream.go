// PackStream, in which Bolt packs its values (https://neo4j.com/docs/bolt/current/packstream/).

package protocol

import (
	"strings"
)

// packMap reads a map and keeps the texts in it. Maps and lists may lie in each other only so deep.
func packMap(c *cursor, depth int) map[string]string {
	n, ok := packSize(c, 0xa0, "\xd8\xd9\xda")
	if !ok || depth > 8 {
		c.take(-1)
		return nil
	}
	texts := map[string]string{}
	for range n {
		name, isText := packText(c)
		if !isText || c.spent {
			c.take(-1)
			return nil
		}
		if value, isText := packText(c); isText {
			texts[name] = value
		} else {
			packSkip(c, depth+1)
		}
	}
	return texts
}

// packText reads a text; false, and nothing read, if it is none.
func packText(c *cursor) (string, bool) {
	n, ok := packSize(c, 0x80, "\xd0\xd1\xd2")
	return c.take(n), ok
}

// packSize reads the mark and the size of what has one: in the mark's low half, or in the 1, 2 or 4 bytes after it.
func packSize(c *cursor, tiny byte, marks string) (int, bool) {
	if c.rest == "" {
		return 0, false
	}
	mark := c.rest[0]
	if mark&0xf0 == tiny {
		c.take(1)
		return int(mark & 0x0f), true
	}
	if i := strings.IndexByte(marks, mark); i >= 0 {
		c.take(1)
		return c.big(1 << i), true
	}
	return 0, false
}

// packSkip reads a value that is no text.
func packSkip(c *cursor, depth int) {
	if n, ok := packSize(c, 0x90, "\xd4\xd5\xd6"); ok { // a list
		for ; n > 0 && !c.spent && depth <= 8; n-- {
			if _, isText := packText(c); !isText {
				packSkip(c, depth+1)
			}
		}
		return
	}
	if c.rest != "" && (c.rest[0]&0xf0 == 0xa0 || c.rest[0] >= 0xd8 && c.rest[0] <= 0xda) {
		packMap(c, depth)
		return
	}
	switch mark := c.u8(); {
	case mark < 0x80 || mark >= 0xf0, mark == 0xc0, mark == 0xc2, mark == 0xc3: // a small number, null, false, true
	case mark == 0xc1, mark == 0xcb: // a float, a number of 64 bits
		c.take(8)
	case mark >= 0xc8 && mark <= 0xca: // one of 8, 16, 32
		c.take(1 << (mark - 0xc8))
	default:
		c.take(-1)
	}
}
