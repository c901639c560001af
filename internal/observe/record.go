// Reads the records of the BPF iterator with bounds checks.

package observe

import (
	"bytes"
	"encoding/binary"

	"rtevent"
)

// recordSize is the size of struct record in bpf/holders.c.
const recordSize = 88

// record is one descriptor of one process that leads to a socket which takes traffic, as the BPF iterator saw it.
type record struct {
	socket
	netns  uint64
	holder holder
}

// parseRecord reads one record. The object is little-endian only. It is not ok for a record that the program of this
// version does not write.
func parseRecord(b []byte) (r record, ok bool) {
	if len(b) < recordSize {
		return r, false
	}
	little := binary.LittleEndian
	r.cookie = little.Uint64(b[0:])
	r.inode = little.Uint64(b[8:])
	r.netns = uint64(little.Uint32(b[24:]))
	r.holder = holder{
		pid:     int(little.Uint32(b[28:])),
		started: little.Uint64(b[16:]),
		fd:      int(little.Uint32(b[32:])),
	}
	name, _, _ := bytes.Cut(b[68:84], []byte{0})
	r.holder.name = string(name)
	r.uid = little.Uint32(b[36:])
	r.device = little.Uint32(b[40:])
	r.port = little.Uint16(b[46:])
	switch little.Uint16(b[44:]) {
	case protocolTCP, protocolMPTCP:
		r.transport = rtevent.TCP
	case protocolUDP:
		r.transport = rtevent.UDP
	default:
		return r, false
	}
	r.asked = choiceFrom(b[51])
	r.address, ok = addressFrom(b[48], [16]byte(b[52:68]))
	r.dualStack = r.address.Is6() && r.address.IsUnspecified() && b[50] == 0
	return r, ok
}

// bindPortLock is SOCK_BINDPORT_LOCK of the kernel's sk_userlocks: bind was asked for this very port.
const bindPortLock = 8

func choiceFrom(userlocks byte) choice {
	if userlocks&bindPortLock != 0 {
		return choiceProgram
	}
	return choiceKernel
}
