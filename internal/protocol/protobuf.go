// Messages of Protocol Buffers, as far as greetings need them (https://protobuf.dev/programming-guides/encoding/).

package protocol

// A protoMessage is a message as its fields in order.
type protoMessage []protoField

// A protoField has a number, and a value or, if it has a length, bytes.
type protoField struct {
	number int
	value  uint64
	bytes  string
}

// readProto reads a whole message; false if the bytes are none, or more than one.
func readProto(bytes string) (protoMessage, bool) {
	const varint, fixed64, counted, fixed32 = 0, 1, 2, 5
	var m protoMessage
	for c := (cursor{rest: bytes}); c.more(); {
		key := c.varint()
		f := protoField{number: int(key >> 3 & 0x1fffffff)}
		switch key & 7 {
		case varint:
			f.value = c.varint()
		case fixed64:
			c.take(8)
		case counted:
			f.bytes = c.varCounted()
		case fixed32:
			c.take(4)
		default:
			return nil, false
		}
		if c.spent || f.number == 0 {
			return nil, false
		}
		m = append(m, f)
	}
	return m, true
}

// get is the first field of a number; empty if there is none.
func (m protoMessage) get(number int) protoField {
	for _, f := range m {
		if f.number == number {
			return f
		}
	}
	return protoField{}
}
