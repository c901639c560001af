// Reads the tables of /proc/net: the second view of the kernel, and the only one where there is no sock_diag.

package observe

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"rtevent"
)

// table is one of the files of /proc/net that list sockets.
type table struct {
	name      string
	transport rtevent.Transport
	family    uint8
}

var tables = [...]table{
	{"tcp", rtevent.TCP, familyIPv4},
	{"tcp6", rtevent.TCP, familyIPv6},
	{"udp", rtevent.UDP, familyIPv4},
	{"udp6", rtevent.UDP, familyIPv6},
}

// protocol and state are what sock_diag is asked for to get the same sockets.
func (t table) protocol() uint8 {
	if t.transport == rtevent.TCP {
		return protocolTCP
	}
	return protocolUDP
}

func (t table) state() uint8 {
	if t.transport == rtevent.TCP {
		return stateListen
	}
	return stateUnconnected
}

// tableChunk is how much the kernel is asked for at once: what one read of such a file returns at most.
const tableChunk = 4096

// errTableLine says that a line of /proc/net is not what the kernel writes.
var errTableLine = errors.New("line not understood")

// read hands every socket of the table that takes traffic to each. Linux writes the TCP listeners first: unless the whole
// table is wanted, reading stops soon after the last of them, before the kernel has gone through all connections. Lines
// that make no sense do not hide the others; the error then is errTableLine.
func (t table) read(r io.Reader, whole bool, each func(socket)) error {
	if !whole {
		r = &shortEnds{r: r}
	}
	lines := bufio.NewReaderSize(r, tableChunk)
	var bad error
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		if len(bytes.TrimSpace(line)) > 0 && n > 0 { // the first line names the columns
			switch s, state, ok := t.parse(line); {
			case !ok:
				bad = fmt.Errorf("/proc/net/%s, line %d: %w", t.name, n+1, errTableLine)
			case state == t.state():
				each(s)
			case !whole && t.transport == rtevent.TCP && state != stateSynReceived:
				return bad
			}
		}
		if err == io.EOF {
			return bad
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("/proc/net/%s, line %d: %w", t.name, n+1, errTableLine)
		}
		if err != nil {
			return fmt.Errorf("read /proc/net/%s: %w", t.name, err)
		}
	}
}

// shortEnds takes a read that leaves room for another line as the last one. Asking once more would make the kernel go
// through all connections again, to find out that there is nothing more to say.
type shortEnds struct {
	r     io.Reader
	ended bool
}

func (s *shortEnds) Read(b []byte) (int, error) {
	const line = 512 // bytes; the longest is about 200
	if s.ended {
		return 0, io.EOF
	}
	n, err := s.r.Read(b)
	s.ended = n < len(b)-line
	return n, err
}

// The columns of a line: number, local address, peer, state, queues, timer, retransmits, uid, timeout, inode.
const (
	columnLocal = 1
	columnState = 3
	columnUID   = 7
	columnInode = 9
)

func (t table) parse(line []byte) (s socket, state uint8, ok bool) {
	columns := bytes.Fields(line)
	if len(columns) <= columnInode {
		return s, 0, false
	}
	stateNumber, err1 := strconv.ParseUint(string(columns[columnState]), 16, 8)
	uid, err2 := strconv.ParseUint(string(columns[columnUID]), 10, 32)
	inode, err3 := strconv.ParseUint(string(columns[columnInode]), 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return s, 0, false
	}
	s = socket{transport: t.transport, uid: uint32(uid), inode: inode}
	ok = s.parseLocal(columns[columnLocal], t.family)
	return s, uint8(stateNumber), ok
}

// parseLocal reads "0100007F:1F90": the address in words of host order, the port in network order.
func (s *socket) parseLocal(column []byte, family uint8) bool {
	digits, portDigits, found := bytes.Cut(column, []byte{':'})
	want := 8
	if family == familyIPv6 {
		want = 32
	}
	if !found || len(digits) != want {
		return false
	}
	port, err := strconv.ParseUint(string(portDigits), 16, 16)
	if err != nil {
		return false
	}
	var raw [16]byte
	if _, err := hex.Decode(raw[:], digits); err != nil {
		return false
	}
	for word := 0; word < want/2; word += 4 {
		binary.NativeEndian.PutUint32(raw[word:], binary.BigEndian.Uint32(raw[word:]))
	}
	s.port = uint16(port)
	s.address, _ = addressFrom(family, raw)
	return true
}

// assumeDualStack fills in what /proc/net does not tell: a socket on [::] takes IPv4 as well unless the default of the
// namespace says otherwise or another socket has the port for IPv4. Sockets with a cookie come from sock_diag, which
// knows.
func assumeDualStack(sockets []socket, v6only bool) {
	type port struct {
		transport rtevent.Transport
		number    uint16
	}
	taken := map[port]bool{}
	for _, s := range sockets {
		if s.address.Is4() && s.address.IsUnspecified() {
			taken[port{s.transport, s.port}] = true
		}
	}
	for i := range sockets {
		s := &sockets[i]
		if s.cookie == 0 && s.address.Is6() && s.address.IsUnspecified() {
			s.dualStack = !v6only && !taken[port{s.transport, s.port}]
		}
	}
}
