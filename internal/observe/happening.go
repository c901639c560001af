// Reads what the BPF programs of bpf/events.c send, with bounds checks.

package observe

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"rtevent"
)

// happeningKind says what a socket did.
type happeningKind uint8

// The kinds, as bpf/events.c numbers them; the last one comes from the destroy groups of sock_diag.
const (
	tcpOpened happeningKind = iota + 1
	tcpClosed
	tcpRefused
	udpOpened
	udpClosed
	udpConnected
	socketDestroyed
)

// happening is one thing that one socket did. There may be very many of them in a queue, so it is small, and what is the
// same for all the happenings of one process is shared.
type happening struct {
	at      uint64 // ns since boot
	cookie  uint64
	inode   uint64
	sock    uint64 // its place in the kernel's memory
	process *process
	address [16]byte
	netns   uint32
	device  uint32
	port    uint16
	kind    happeningKind
	family  uint8
	v6only  bool
	asked   bool // bind was asked for this port
	decided bool // asked is final: the kernel notes it down when bind is over
	kernel  bool // the kernel's own socket: no process holds it
}

// ends tells whether a socket takes no traffic after this.
func (h *happening) ends() bool {
	return h.kind == tcpClosed || h.kind == tcpRefused || h.kind == udpClosed
}

func (h *happening) opens() bool { return h.kind == tcpOpened || h.kind == udpOpened }

func (h *happening) transport() rtevent.Transport {
	if h.kind <= tcpRefused {
		return rtevent.TCP
	}
	return rtevent.UDP
}

// process is what the kernel captured of a process at the moment it did something. It is never written to once made.
type process struct {
	pid     int
	started uint64 // ns since boot
	uid     uint32
	cgroup  uint64 // the inode of its directory in cgroup2
	name    string

	// exe is the path of its executable; empty when it was not captured, or is longer than the program follows.
	exe         string
	exeDeleted  bool
	exeInMemory bool
	exeCut      bool

	raw string // of the executable, as it came
}

// The parts of struct event in bpf/events.c. The path comes last, as long as it is.
const (
	happeningSize = 112
	exeDeleted    = 1
	exeNameless   = 2
	exeCut        = 4
)

// parseHappening reads one record. The object is little-endian only. It is not ok for a record that the programs of this
// version do not write.
func parseHappening(b []byte, people *people) (h happening, ok bool) {
	if len(b) < happeningSize {
		return h, false
	}
	little := binary.LittleEndian
	h = happening{
		at:     little.Uint64(b[0:]),
		cookie: little.Uint64(b[8:]),
		inode:  little.Uint64(b[16:]),
		sock:   little.Uint64(b[24:]),
		netns:  little.Uint32(b[48:]),
		device: little.Uint32(b[60:]),
		port:   little.Uint16(b[64:]),
		kind:   happeningKind(b[68]),
		family: b[69],
		v6only: b[70] != 0,
		asked:  b[71] != 0,
		kernel: b[73] != 0,
	}
	copy(h.address[:], b[80:96])
	if h.kind < tcpOpened || h.kind > udpConnected || h.family != familyIPv4 && h.family != familyIPv6 || h.cookie == 0 {
		return h, false
	}
	if h.opens() || h.kind == tcpRefused {
		h.process = people.meet(b)
	}
	return h, true
}

// people are the processes that did something lately, so that each is kept once.
type people struct {
	met map[person]*process
}

type person struct {
	pid     uint32
	started uint64
}

// mostPeople bounds how many processes are remembered. Who is forgotten is met anew.
const mostPeople = 4096

// meet returns the process of a record of at least happeningSize. A process may run another program than before.
func (p *people) meet(b []byte) *process {
	little := binary.LittleEndian
	who := person{little.Uint32(b[52:]), little.Uint64(b[32:])}
	name, _, _ := bytes.Cut(b[96:112], []byte{0})
	exe := b[happeningSize:min(len(b), happeningSize+int(little.Uint16(b[66:])))]
	uid, cgroup := little.Uint32(b[56:]), little.Uint64(b[40:])
	known := p.met[who]
	if known != nil && known.uid == uid && known.cgroup == cgroup && known.name == string(name) && known.raw == string(exe) {
		return known
	}
	made := &process{pid: int(who.pid), started: who.started, uid: uid, cgroup: cgroup, name: string(name), raw: string(exe)}
	made.readExe(b[72])
	if p.met == nil || len(p.met) >= mostPeople {
		p.met = map[person]*process{}
	}
	p.met[who] = made
	return made
}

// readExe makes a path of the names that were captured, the last one first.
func (p *process) readExe(flags byte) {
	if flags&exeCut != 0 {
		p.exeCut = true
		return
	}
	names := strings.Split(strings.TrimSuffix(p.raw, "\x00"), "\x00")
	if p.raw == "" {
		return
	}
	slices.Reverse(names)
	p.exe = "/" + strings.Join(names, "/")
	p.exeInMemory = flags&exeNameless != 0
	p.exeDeleted = flags&exeDeleted != 0 && !p.exeInMemory
}

// owner is the process as an Owner. What it was captured for tells its start and unit.
func (p *process) owner() rtevent.Owner {
	o := rtevent.Owner{
		PID: p.pid, Name: p.name, UID: new(p.uid),
		Exe: p.exe, ExeDeleted: p.exeDeleted, ExeInMemory: p.exeInMemory,
	}
	if p.exeCut {
		o.Unread = []string{"exe: its path is longer than the BPF program follows"}
	}
	return o
}

// socket is the socket that the happening tells of. Its room is for the caller to fill.
func (h *happening) socket() socket {
	address, _ := addressFrom(h.family, h.address)
	s := socket{
		transport: h.transport(),
		address:   address,
		port:      h.port,
		inode:     h.inode,
		cookie:    h.cookie,
		device:    h.device,
		sock:      h.sock,
		dualStack: h.family == familyIPv6 && address == netip.IPv6Unspecified() && !h.v6only,
	}
	switch {
	case h.asked:
		s.asked = choiceProgram
	case h.decided:
		s.asked = choiceKernel
	}
	if p := h.process; p != nil && !h.kernel {
		s.uid, s.cgroup = p.uid, p.cgroup
		s.holders = []holder{{pid: p.pid, name: p.name, started: p.started, process: p}}
	}
	return s
}
