package protocol

import (
	"encoding/binary"
	"hash/crc32"
	"strings"

	"rtevent"
)

// nrpe is asked for the check that every one has: its version. Packets of version 2 have a checksum and one length.
var nrpe = Def{
	Name:     "nrpe",
	Ports:    []uint16{5666},
	Programs: []Program{{"nrpe", "NRPE"}, {"nrpe-ng", "nrpe-ng"}, {"nsclient++", "NSClient++"}, {"nscp", "NSClient++"}},
	Hello:    nrpePacket(1, "_NRPE_CHECK"),
	Manners:  "xxaxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		const response = 2
		if len(reply) != nrpeLength {
			return nothing()
		}
		says, _, ended := strings.Cut(reply[nrpeHead:], "\x00")
		packet := []byte(reply)
		sum := binary.BigEndian.Uint32(packet[4:])
		clear(packet[4:8])
		if binary.BigEndian.Uint32(packet) != 2<<16|response || sum != crc32.ChecksumIEEE(packet) || !ended {
			return nothing()
		}
		f := strong("nrpe", "a response with its checksum: "+text(says[:min(len(says), 60)]), reply)
		if version, ok := strings.CutPrefix(says, "NRPE v"); ok {
			f.Product, f.Version = "NRPE", text(version)
		}
		return f, true
	},
}

const (
	nrpeHead   = 10                  // version, type, checksum, result
	nrpeLength = nrpeHead + 1024 + 2 // with its text, and padding
)

// nrpePacket makes a packet of version 2.
func nrpePacket(kind uint16, words string) string {
	packet := make([]byte, nrpeLength)
	binary.BigEndian.PutUint16(packet, 2)
	binary.BigEndian.PutUint16(packet[2:], kind)
	copy(packet[nrpeHead:], words)
	binary.BigEndian.PutUint32(packet[4:], crc32.ChecksumIEEE(packet))
	return string(packet)
}
