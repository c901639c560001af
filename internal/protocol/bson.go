// Documents of BSON, as far as greetings need them (https://bsonspec.org/spec.html).

package protocol

import (
	"strconv"
)

// readBSON reads the elements of a document by their names: numbers and truth as text, and documents as they are.
func readBSON(document string) (map[string]string, bool) {
	outer := cursor{rest: document}
	length := outer.little(4)
	c := cursor{rest: outer.take(length - 5)}
	if end := outer.u8(); outer.spent || end != 0 {
		return nil, false
	}
	elements := map[string]string{}
	for c.more() {
		kind, name := c.u8(), c.zero()
		value, ok := bsonValue(&c, kind)
		if !ok || c.spent {
			return nil, false
		}
		elements[name] = value
	}
	return elements, true
}

// bsonValue reads a value of the kinds that servers greet with.
func bsonValue(c *cursor, kind byte) (value string, ok bool) {
	switch kind {
	case 0x01, 0x09, 0x11, 0x12: // double, time, timestamp, int64
		return c.take(8), true
	case 0x02: // string, with a zero byte at its end
		value = c.take(c.little(4) - 1)
		c.take(1)
		return value, true
	case 0x03, 0x04: // document, array
		length := cursor{rest: c.rest}
		return c.take(length.little(4)), true
	case 0x05: // bytes
		length := c.little(4)
		c.take(1)
		return c.take(length), true
	case 0x07: // object identifier
		return c.take(12), true
	case 0x08:
		return strconv.FormatBool(c.u8() == 1), true
	case 0x0a: // null
		return "", true
	case 0x10: // int32
		return strconv.Itoa(int(int32(c.little(4)))), true
	case 0x13: // decimal128
		return c.take(16), true
	}
	return "", false
}
