// Reads and writes netlink messages with bounds checks.

package observe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"rtevent"
)

// The parts of the netlink and sock_diag protocols that a dump of listening sockets needs (linux/netlink.h,
// linux/inet_diag.h). Integers are in host order, ports and addresses in network order.
const (
	netlinkHeader = 16

	netlinkError = 2
	netlinkDone  = 3

	flagRequest     = 0x1
	flagDump        = 0x300
	flagInterrupted = 0x10 // the list changed while it was dumped: ask again

	diagByFamily    = 20
	diagRequestSize = 56
	diagMessageSize = 72

	attributeV6Only = 11
	attributeCgroup = 21
)

var errTruncated = errors.New("truncated message")

// diagRequest asks for all sockets of one family and protocol that are in certain states, a bit each.
func diagRequest(sequence uint32, family, protocol uint8, states uint32) []byte {
	b := make([]byte, netlinkHeader+diagRequestSize)
	native := binary.NativeEndian
	native.PutUint32(b[0:], uint32(len(b)))
	native.PutUint16(b[4:], diagByFamily)
	native.PutUint16(b[6:], flagRequest|flagDump)
	native.PutUint32(b[8:], sequence)
	body := b[netlinkHeader:]
	body[0], body[1] = family, protocol
	native.PutUint32(body[4:], states)
	return b
}

// dump gathers the answer to one request.
type dump struct {
	sequence    uint32
	sockets     []socket
	done        bool
	interrupted bool // the sockets changed while they were listed: some may be missing

	// ports, when it is not nil, gathers the ports of sockets in whatever state instead.
	ports map[uint16]bool
}

// read takes in one received datagram. Messages that belong to other requests are passed over. The error is the
// kernel's refusal, or says that a message makes no sense.
func (d *dump) read(datagram []byte) error {
	native := binary.NativeEndian
	for len(datagram) > 0 && !d.done {
		if len(datagram) < netlinkHeader {
			return errTruncated
		}
		length := int(native.Uint32(datagram))
		if length < netlinkHeader || length > len(datagram) {
			return errTruncated
		}
		message := datagram[:length]
		datagram = datagram[min(align4(length), len(datagram)):]
		if native.Uint32(message[8:]) != d.sequence {
			continue
		}
		flags := native.Uint16(message[6:])
		d.interrupted = d.interrupted || flags&flagInterrupted != 0
		if err := d.take(native.Uint16(message[4:]), message[netlinkHeader:]); err != nil {
			return err
		}
	}
	return nil
}

func (d *dump) take(kind uint16, body []byte) error {
	switch kind {
	case netlinkDone, netlinkError:
		d.done = true
		return refusal(body)
	case diagByFamily:
		if d.ports != nil {
			return d.takePort(body)
		}
		s, ok, err := parseDiag(body)
		if ok && err == nil {
			d.sockets = append(d.sockets, s)
		}
		return err
	}
	return nil
}

func (d *dump) takePort(body []byte) error {
	if len(body) < diagMessageSize {
		return errTruncated
	}
	d.ports[binary.BigEndian.Uint16(body[4:])] = true
	return nil
}

// refusal reads the error number that both the end of a dump and an error message begin with.
func refusal(body []byte) error {
	if len(body) < 4 {
		return nil // old kernels end a dump without a number
	}
	if n := int32(binary.NativeEndian.Uint32(body)); n < 0 {
		return syscall.Errno(-n)
	}
	return nil
}

// parseDiag reads one socket. It is not ok for families and protocols that are not asked for here.
func parseDiag(b []byte) (s socket, ok bool, err error) {
	if len(b) < diagMessageSize {
		return s, false, errTruncated
	}
	native := binary.NativeEndian
	var raw [16]byte
	copy(raw[:], b[8:24])
	if s.address, ok = addressFrom(b[0], raw); !ok {
		return s, false, nil
	}
	switch b[1] {
	case stateListen:
		s.transport = rtevent.TCP
	case stateUnconnected:
		s.transport = rtevent.UDP
	default:
		return s, false, nil
	}
	s.port = binary.BigEndian.Uint16(b[4:])
	s.device = native.Uint32(b[40:])
	s.cookie = uint64(native.Uint32(b[44:])) | uint64(native.Uint32(b[48:]))<<32
	s.uid = native.Uint32(b[64:])
	s.inode = uint64(native.Uint32(b[68:]))
	return s, true, s.readAttributes(b[diagMessageSize:])
}

func (s *socket) readAttributes(b []byte) error {
	native := binary.NativeEndian
	v6only := false
	for len(b) >= 4 {
		length, kind := int(native.Uint16(b)), native.Uint16(b[2:])
		if length < 4 || length > len(b) {
			return fmt.Errorf("attribute %d: %w", kind, errTruncated)
		}
		switch value := b[4:length]; {
		case kind == attributeV6Only && len(value) >= 1:
			v6only = value[0] != 0
		case kind == attributeCgroup && len(value) >= 8:
			s.cgroup = native.Uint64(value)
		}
		b = b[min(align4(length), len(b)):]
	}
	s.dualStack = s.address.Is6() && s.address.IsUnspecified() && !v6only
	return nil
}

func align4(n int) int { return (n + 3) &^ 3 }
