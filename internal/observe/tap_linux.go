// Has the kernel itself tell of every socket that opens or closes, by the BPF programs of bpf/events.c.

package observe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -target bpfel -tags linux -cc clang-14 -strip llvm-strip-14 -no-global-types events bpf/events.c -- -O2 -Wall -Werror

// defaultRing is the size of the ring between the kernel and us, in bytes: room for 25,000 events, which a busy machine
// needs when we do not get the processor for a quarter of a second. It counts twice in our resident memory, and four megabytes lost
// nothing where four processes opened 400,000 listeners.
const defaultRing = 4 << 20

// tap is the BPF programs at work. TCP and UDP are told by different hooks, of which one may be refused.
type tap struct {
	maps   eventsMaps
	tcp    *ebpf.Program // nil when TCP is not told
	state  link.Link     // of tcp
	looker *ebpf.Program
	udp    []link.Link // empty when UDP is not told
	links  []io.Closer // all of them, and the programs
	ring   *ringbuf.Reader

	// tcpErr and udpErr say why one is not told.
	tcpErr, udpErr error
}

// errNoCgroup says what the UDP hooks are attached to.
var errNoCgroup = fmt.Errorf("no cgroup2 file system with the root of all cgroups is mounted: %w", errors.ErrUnsupported)

// openTap loads and attaches what this kernel and our rights allow. It gives up a kernel that does not come back. The
// cgroup is the directory of the root of cgroup2; "" when there is none.
func openTap(ctx context.Context, patience time.Duration, cgroup string, size int) (*tap, error) {
	if patience <= 0 {
		patience = defaultBPFTimeout
	}
	return inTime(ctx, patience, "load BPF", func() (*tap, error) { return loadTap(cgroup, size) })
}

// inTime opens something that some kernels hang on. What is opened too late is closed again.
func inTime[T io.Closer](ctx context.Context, patience time.Duration, what string, open func() (T, error)) (T, error) {
	type outcome struct {
		opened T
		err    error
	}
	done, late := make(chan outcome), make(chan struct{})
	go func() {
		opened, err := open()
		select {
		case done <- outcome{opened, err}:
		case <-late:
			if err == nil {
				opened.Close()
			}
		}
	}()
	var none T
	select {
	case o := <-done:
		return o.opened, o.err
	case <-time.After(patience):
		close(late)
		return none, fmt.Errorf("%s: %w (%v)", what, errHung, patience)
	case <-ctx.Done():
		close(late)
		return none, ctx.Err()
	}
}

func loadTap(cgroup string, size int) (*tap, error) {
	rlimit.RemoveMemlock() // for kernels before 5.11; those that have no such limit refuse nothing
	spec, err := loadEvents()
	if err != nil {
		return nil, fmt.Errorf("read the BPF object: %w", err)
	}
	if size <= 0 {
		size = defaultRing
	}
	spec.Maps["events"].MaxEntries = uint32(size)
	t := &tap{}
	if err := spec.LoadAndAssign(&t.maps, nil); err != nil {
		return nil, fmt.Errorf("make BPF maps: %w", ownWords(err))
	}
	t.links = append(t.links, &t.maps)
	if t.ring, err = ringbuf.NewReader(t.maps.Events); err != nil {
		t.Close()
		return nil, fmt.Errorf("open the ring of BPF: %w", err)
	}
	shared := &ebpf.CollectionOptions{MapReplacements: map[string]*ebpf.Map{
		"events": t.maps.Events, "dropped": t.maps.Dropped, "followed": t.maps.Followed,
	}}
	t.tcpErr = t.attachTCP(spec, shared)
	t.udpErr = t.attachUDP(spec, shared, cgroup)
	if t.tcpErr != nil && t.udpErr != nil {
		t.Close()
		return nil, t.tcpErr
	}
	return t, nil
}

func (t *tap) attachTCP(spec *ebpf.CollectionSpec, shared *ebpf.CollectionOptions) error {
	var programs struct {
		State *ebpf.Program `ebpf:"tcp_state"`
		Look  *ebpf.Program `ebpf:"look"`
	}
	if err := spec.LoadAndAssign(&programs, shared); err != nil {
		return fmt.Errorf("load BPF: %w", ownWords(err))
	}
	attached, err := link.AttachTracing(link.TracingOptions{Program: programs.State})
	if err != nil {
		programs.State.Close()
		programs.Look.Close()
		return fmt.Errorf("attach BPF to inet_sock_set_state: %w", ownWords(err))
	}
	t.tcp, t.state, t.looker = programs.State, attached, programs.Look
	t.links = append(t.links, attached, programs.State, programs.Look)
	return nil
}

func (t *tap) attachUDP(spec *ebpf.CollectionSpec, shared *ebpf.CollectionOptions, cgroup string) (err error) {
	if cgroup == "" {
		return errNoCgroup
	}
	var programs struct {
		Bound4   *ebpf.Program `ebpf:"udp_bound4"`
		Bound6   *ebpf.Program `ebpf:"udp_bound6"`
		Released *ebpf.Program `ebpf:"udp_released"`
		Connect4 *ebpf.Program `ebpf:"udp_connect4"`
		Connect6 *ebpf.Program `ebpf:"udp_connect6"`
	}
	if err := spec.LoadAndAssign(&programs, shared); err != nil {
		return fmt.Errorf("load BPF for cgroups: %w", ownWords(err))
	}
	// An attached program stays as long as its link does. What ends a socket comes first, so that no end is missed.
	for _, hook := range []struct {
		at      ebpf.AttachType
		program *ebpf.Program
	}{
		{ebpf.AttachCgroupInetSockRelease, programs.Released},
		{ebpf.AttachCGroupInet4Connect, programs.Connect4},
		{ebpf.AttachCGroupInet6Connect, programs.Connect6},
		{ebpf.AttachCGroupInet4PostBind, programs.Bound4},
		{ebpf.AttachCGroupInet6PostBind, programs.Bound6},
	} {
		defer hook.program.Close()
		if err != nil {
			continue
		}
		var attached link.Link
		attached, err = link.AttachCgroup(link.CgroupOptions{Path: cgroup, Attach: hook.at, Program: hook.program})
		if err == nil {
			t.udp = append(t.udp, attached)
		}
	}
	if err != nil {
		for _, attached := range t.udp {
			attached.Close()
		}
		t.udp = nil
		return fmt.Errorf("attach BPF to cgroup %s: %w", cgroup, ownWords(err))
	}
	for _, attached := range t.udp {
		t.links = append(t.links, attached)
	}
	return nil
}

// Close stops telling.
func (t *tap) Close() error {
	var errs []error
	if t.ring != nil {
		errs = append(errs, t.ring.Close())
	}
	for _, l := range t.links {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// read puts all that is told into the backlog, until the tap is closed. It does nothing else: while it is busy the ring
// fills.
func (t *tap) read(b *backlog) error {
	var one ringbuf.Record
	people := &people{}
	for {
		err := t.ring.ReadInto(&one)
		if errors.Is(err, ringbuf.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the ring of BPF: %w", err)
		}
		if h, ok := parseHappening(one.RawSample, people); ok {
			b.push(h)
		}
	}
}

// look looks at the socket of a happening again.
func (t *tap) look(h *happening) (s sighting, can bool) {
	const (
		same = 1 << iota
		hashed
		asked
		v6only
	)
	if t.looker == nil {
		return s, false
	}
	arguments := binary.LittleEndian.AppendUint64(nil, h.sock)
	arguments = binary.LittleEndian.AppendUint64(arguments, h.cookie)
	seen, err := t.looker.Run(&ebpf.RunOptions{Context: arguments})
	if err != nil {
		return s, false
	}
	return sighting{
		there:  seen&same != 0,
		hashed: seen&hashed != 0,
		asked:  seen&asked != 0,
		v6only: seen&v6only != 0,
		state:  uint8(seen >> 8),
		port:   uint16(seen >> 16),
	}, true
}

// lost is how much the programs had to say and could not, so far: for want of room in the ring, or because the kernel
// does not run a program on a processor that is in the middle of it.
func (t *tap) lost() (dropped, skipped uint64) {
	var perCPU []uint64
	if t.maps.Dropped.Lookup(uint32(0), &perCPU) == nil {
		for _, n := range perCPU {
			dropped += n
		}
	}
	if t.tcp != nil {
		if stats, err := t.tcp.Stats(); err == nil {
			skipped = stats.RecursionMisses
		}
	}
	return dropped, skipped
}

// detached says whether somebody has taken the programs for UDP away.
func (t *tap) detached() bool {
	for _, l := range t.udp {
		info, err := l.Info()
		if err != nil {
			return true
		}
		if c := info.Cgroup(); c != nil && c.CgroupId == 0 {
			return true
		}
	}
	return false
}

// drained tells whether everything that was told has been read.
func (t *tap) drained() bool { return t.ring.AvailableBytes() == 0 }

// follow has the end told of a UDP socket whose port nobody asked for.
func (t *tap) follow(cookie uint64) {
	t.maps.Followed.Put(cookie, uint8(1)) // a map that is full only forgets: then the end is found by looking
}

// rootOfCgroups finds where the root of cgroup2 is mounted; "" when it is not. A part of it would only show the processes
// of that part.
func rootOfCgroups(mounts []mount) string {
	for _, m := range mounts {
		var st unix.Stat_t
		if m.kind == "cgroup2" && unix.Stat(m.point, &st) == nil && st.Ino == rootCgroup {
			return m.point
		}
	}
	return ""
}
