// Reads directory entries as the kernel writes them: the os package would look up each of 100,000 descriptors.

package observe

import "encoding/binary"

// dirents hands every entry of a directory, as getdents64 returned it, to each. It stops at a record that does not fit,
// and when each returns false.
func dirents(b []byte, each func(inode uint64, kind byte, name []byte) bool) {
	const (
		nameOffset = 19 // after d_ino, d_off, d_reclen and d_type
	)
	for len(b) > nameOffset {
		length := int(binary.NativeEndian.Uint16(b[16:]))
		if length <= nameOffset || length > len(b) {
			return
		}
		name := b[nameOffset:length]
		for i, c := range name {
			if c == 0 {
				name = name[:i]
				break
			}
		}
		if s := string(name); s != "." && s != ".." {
			if !each(binary.NativeEndian.Uint64(b), b[18], name) {
				return
			}
		}
		b = b[length:]
	}
}
