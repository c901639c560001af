// Numbers of variable length: seven bits a byte, the lowest first, the eighth bit for more.

package protocol

// varint reads such a number of at most 64 bits.
func (c *cursor) varint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := c.u8()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	c.take(-1)
	return 0
}

// varCounted reads a string after its length, which is such a number.
func (c *cursor) varCounted() string {
	n := c.varint()
	if n > uint64(len(c.rest)) {
		c.take(-1)
		return ""
	}
	return c.take(int(n))
}
