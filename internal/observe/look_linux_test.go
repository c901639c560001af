package observe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: namespaces, other users and BPF")
	}
}

// eachTier runs a test once for every way of looking.
func eachTier(t *testing.T, f func(t *testing.T, tier string)) {
	t.Helper()
	needRoot(t)
	for _, tier := range []string{tierBPF, tierDiag, tierProc} {
		t.Run(tier, func(t *testing.T) { f(t, tier) })
	}
}

func mustLook(t *testing.T, o Options) *Snapshot {
	t.Helper()
	o.BPFTimeout = time.Minute // the machine may be busy
	s, err := Look(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, l := range s.Listeners {
		if len(l.Holders) == 0 {
			t.Errorf("%s %s has no holders", l.PortName(), l.Address)
		}
		if len(l.HiddenFrom) > 0 {
			t.Errorf("%s %s: hidden from %v", l.PortName(), l.Address, l.HiddenFrom)
		}
	}
	return s
}

// at finds the only Listener on an endpoint of our own namespace; nil when there is none.
func at(t *testing.T, s *Snapshot, transport rtevent.Transport, where netip.AddrPort) *rtevent.Listener {
	t.Helper()
	var found *rtevent.Listener
	for i, l := range s.Listeners {
		if l.Namespace != "" || l.Transport != transport || l.Address != where.Addr() || l.Port != where.Port() {
			continue
		}
		if found != nil {
			t.Errorf("%s/%s is listed twice", where, transport)
		}
		found = &s.Listeners[i]
	}
	return found
}

func pidsOf(l *rtevent.Listener) (pids []int) {
	for _, h := range l.Holders {
		pids = append(pids, h.PID)
	}
	return pids
}

// opened is a socket that a test opened, and what Look should say of it.
type opened struct {
	name      string
	network   string
	address   string
	transport rtevent.Transport
	scope     rtevent.Scope
	dualStack bool
}

var kinds = []opened{
	{"IPv4 on loopback", "tcp4", "127.0.0.1:0", rtevent.TCP, rtevent.Loopback, false},
	{"IPv4 on all", "tcp4", "0.0.0.0:0", rtevent.TCP, rtevent.All, false},
	{"IPv6 on loopback", "tcp6", "[::1]:0", rtevent.TCP, rtevent.Loopback, false},
	{"both", "tcp", "[::]:0", rtevent.TCP, rtevent.All, true},
	{"UDP on IPv4", "udp4", "127.0.0.1:0", rtevent.UDP, rtevent.Loopback, false},
	{"UDP on IPv6", "udp6", "[::1]:0", rtevent.UDP, rtevent.Loopback, false},
	{"UDP on both", "udp", "[::]:0", rtevent.UDP, rtevent.All, true},
}

func (o opened) open(t *testing.T) (net.Addr, io.Closer) {
	t.Helper()
	if strings.HasPrefix(o.network, "udp") {
		conn, err := net.ListenPacket(o.network, o.address)
		if err != nil {
			t.Fatal(err)
		}
		return conn.LocalAddr(), conn
	}
	listener, err := net.Listen(o.network, o.address)
	if err != nil {
		t.Fatal(err)
	}
	return listener.Addr(), listener
}

func TestLook(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		addresses := make([]netip.AddrPort, len(kinds))
		sockets := make([]io.Closer, len(kinds))
		for i, kind := range kinds {
			address, socket := kind.open(t)
			addresses[i], sockets[i] = netip.MustParseAddrPort(address.String()), socket
		}
		s := mustLook(t, Options{Tier: tier})
		for i, kind := range kinds {
			l := at(t, s, kind.transport, addresses[i])
			if l == nil {
				t.Errorf("%s: not seen", kind.name)
				continue
			}
			if got := pidsOf(l); !slices.Equal(got, []int{os.Getpid()}) {
				t.Errorf("%s: held by %v", kind.name, got)
			}
			if l.Scope != kind.scope || l.DualStack != kind.dualStack {
				t.Errorf("%s: scope %s, dual stack %v", kind.name, l.Scope, l.DualStack)
			}
			if l.NetNS == 0 || l.Device != "" {
				t.Errorf("%s: namespace %d, device %q", kind.name, l.NetNS, l.Device)
			}
		}
		for _, socket := range sockets {
			socket.Close()
		}
		s = mustLook(t, Options{Tier: tier})
		for i, kind := range kinds {
			if at(t, s, kind.transport, addresses[i]) != nil {
				t.Errorf("%s: seen after it was closed", kind.name)
			}
		}
	})
}

// TestMany checks that nothing is lost among 10,000.
func TestMany(t *testing.T) {
	const many = 10_000
	needRoot(t)
	limit := unix.Rlimit{Cur: 2 * many, Max: 2 * many}
	if err := unix.Prlimit(0, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		t.Skipf("cannot open %d sockets: %v", many, err)
	}
	want := map[uint16]bool{}
	for i := range many {
		fd := rawSocket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		want[listenRaw(t, fd, &unix.SockaddrInet4{Addr: [4]byte{127, 77, byte(i % 2), 1}})] = true
	}
	for _, tier := range []string{tierBPF, tierDiag, tierProc} {
		s := mustLook(t, Options{Tier: tier})
		count := 0
		for _, l := range s.Listeners {
			if l.Address.Is4() && l.Address.As4()[1] == 77 {
				count++
				if !want[l.Port] || !slices.Equal(pidsOf(&l), []int{os.Getpid()}) {
					t.Fatalf("%s: %+v", tier, l)
				}
			}
		}
		if count != many {
			t.Errorf("%s: %d of %d", tier, count, many)
		}
		t.Logf("%s: %d ms", tier, s.Coverage.TookMS)
	}
}

// TestChurn looks while listeners come and go: none that stays is lost, and none is called hidden.
func TestChurn(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		stay, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer stay.Close()
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for ctx.Err() == nil {
				if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
					l.Close()
				}
			}
		}()
		for range 10 {
			s := mustLook(t, Options{Tier: tier})
			if at(t, s, rtevent.TCP, netip.MustParseAddrPort(stay.Addr().String())) == nil {
				t.Error("lost")
			}
		}
		stop()
		<-stopped
	})
}

func TestSorted(t *testing.T) {
	needRoot(t)
	s := mustLook(t, Options{})
	if !slices.IsSortedFunc(s.Listeners, compare) {
		t.Error("not sorted")
	}
	if s.Coverage.Tier == "" || s.Coverage.Why == "" || s.Coverage.Namespaces == 0 {
		t.Errorf("coverage %+v", s.Coverage)
	}
}

func TestOptions(t *testing.T) {
	if _, err := Look(t.Context(), Options{Tier: "magic"}); err == nil {
		t.Error("an unknown tier is accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Look(ctx, Options{}); err == nil {
		t.Error("a cancelled look succeeds")
	}
	if _, err := Look(t.Context(), Options{Tier: tierProc, Root: "/nowhere"}); err == nil {
		t.Error("nothing to see, and no error")
	}
}
