// What one kernel socket is, whichever view it comes from.

package observe

import (
	"net/netip"
	"os"

	"rtevent"
)

// Socket states, as the kernel numbers them. A UDP socket without a peer is in the state that TCP calls closed. Old
// kernels list half-open connections (SYN received) among the listeners.
const (
	stateSynReceived = 3
	stateUnconnected = 7
	stateListen      = 10
)

// The protocol numbers of IANA, and the one that Linux made up for MPTCP.
const (
	protocolTCP   = 6
	protocolUDP   = 17
	protocolMPTCP = 262
)

// The address families, as Linux numbers them.
const (
	familyIPv4 = 2
	familyIPv6 = 10
)

// The views of the kernel that list sockets, as a Listener names them in HiddenFrom.
const (
	viewDiag   = "sock_diag"
	viewTables = "/proc/net"
)

// socket is one kernel socket that takes traffic. A view fills what it shows; a zero is a thing that it does not tell.
type socket struct {
	room      *room
	transport rtevent.Transport
	address   netip.Addr // as bound: an IPv4 address mapped into IPv6 stays so
	port      uint16
	inode     uint64 // links the socket to descriptors; 0 for some of the kernel's own
	cookie    uint64 // unique as long as the kernel runs
	device    uint32 // interface index
	dualStack bool
	uid       uint32 // of the creator
	cgroup    uint64 // of the creator: the inode of its cgroup2 directory
	asked     choice
	sock      uint64 // its place in the kernel's memory, as an event told it

	deviceName string
	holders    []holder
	unseen     string // why there are no holders
	unit       string // of the creator, looked up only when there are no holders
	hiddenFrom []string
}

// choice says who chose a port.
type choice uint8

const (
	choiceUnknown choice = iota
	choiceProgram        // bind asked for this port
	choiceKernel         // the kernel picked one
)

// holder is a process that has a descriptor of a socket.
type holder struct {
	pid     int
	name    string
	started uint64 // ns since boot; 0 unknown
	fd      int

	// process is what the kernel captured of it when it opened the socket; nil when that was not witnessed.
	process *process
	unit    string // of that process
}

// room is a network namespace.
type room struct {
	inode uint64   // 0 when it may not be read
	name  string   // empty for our own
	pid   int      // a process that is in it; 0 if none is known
	doors []string // files that lead into it, as long as their process or mount is there

	// key keeps the room open, and lets Dial back in. Nil for our own, and for one that was not entered.
	key *os.File

	// view is what listed its sockets; empty when nothing could.
	view string

	// ephemeral is the range of ports that the kernel picks from when a program does not ask for one.
	ephemeral portRange
}

// portRange is an inclusive range of ports.
type portRange struct{ first, last uint16 }

// defaultEphemeral is the kernel's own default (net/ipv4/af_inet.c).
var defaultEphemeral = portRange{32768, 60999}

func (r portRange) contains(port uint16) bool { return r.first <= port && port <= r.last }

// likelyClient guesses whether this is the near end of a client's conversation. Only UDP leaves that open: a program
// that did not ask for its port is no server that anybody could find. Where the kernel does not tell who chose, the
// range decides (wrong for 1 of 29 servers of a test bed).
func (s *socket) likelyClient() bool {
	switch {
	case s.transport != rtevent.UDP || s.asked == choiceProgram:
		return false
	case s.asked == choiceKernel:
		return true
	}
	return s.room.ephemeral.contains(s.port)
}

// sight is what identifies a socket across views that know no cookie.
type sight struct {
	transport rtevent.Transport
	address   netip.Addr
	port      uint16
	inode     uint64
}

func (s *socket) sight() sight { return sight{s.transport, s.address, s.port, s.inode} }

// addressFrom makes an address of the 16 bytes that the kernel keeps for either family.
func addressFrom(family uint8, raw [16]byte) (netip.Addr, bool) {
	switch family {
	case familyIPv4:
		return netip.AddrFrom4([4]byte(raw[:4])), true
	case familyIPv6:
		return netip.AddrFrom16(raw), true
	}
	return netip.Addr{}, false
}
