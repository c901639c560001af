package sweep

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// listen opens a port that greets nobody and says nothing.
func listen(t *testing.T, at string) (port uint16) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Skipf("no listener at %s: %v", at, err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T, at string) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Skipf("no listener at %s: %v", at, err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

func single(ports ...uint16) Ports {
	var ranges []Range
	for _, p := range ports {
		ranges = append(ranges, Range{p, p})
	}
	return NewPorts(ranges...)
}

// TestStates finds out what is open and what is not, over both families, and hands over connections that work.
func TestStates(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			at := net.JoinHostPort(host, "0")
			open, closed := listen(t, at), closedPort(t, at)
			got := map[uint16]rtevent.State{}
			var mu sync.Mutex
			target := Target{Addr: netip.MustParseAddr(host), Transport: rtevent.TCP, Ports: single(open, closed)}
			Run(t.Context(), Options{}, slices.Values([]Target{target}), func(r Result) int {
				mu.Lock()
				defer mu.Unlock()
				got[r.Port] = r.State
				if r.State == rtevent.Open {
					if _, err := r.Conn.Write([]byte("hello")); err != nil {
						t.Errorf("the connection that was handed over: %v", err)
					}
					r.Conn.Close()
				}
				return 0
			})
			if diff := cmp.Diff(map[uint16]rtevent.State{open: rtevent.Open, closed: rtevent.Closed}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestEveryPort tries all 65,535 of a host without listeners, each once.
func TestEveryPort(t *testing.T) {
	var tried [1 << 16]atomic.Int32
	target := Target{Addr: netip.MustParseAddr("127.0.0.77"), Transport: rtevent.TCP, Ports: NewPorts(Range{1, 65535})}
	Run(t.Context(), Options{}, slices.Values([]Target{target}), func(r Result) int {
		tried[r.Port].Add(1)
		if r.Conn != nil {
			r.Conn.Close() // of somebody who listens on all addresses
		}
		return 0
	})
	for port := 1; port < 1<<16; port++ {
		if n := tried[port].Load(); n != 1 {
			t.Fatalf("port %d was reported %d times", port, n)
		}
	}
}

// TestUDP hands every port on: there is nothing to try.
func TestUDP(t *testing.T) {
	target := Target{Addr: netip.MustParseAddr("127.0.0.1"), Transport: rtevent.UDP, Ports: NewPorts(Range{1, 20})}
	var n atomic.Int32
	Run(t.Context(), Options{}, slices.Values([]Target{target}), func(r Result) int {
		if r.State != rtevent.OpenFiltered || r.Conn != nil {
			t.Errorf("%d: %s with a connection %v", r.Port, r.State, r.Conn)
		}
		n.Add(1)
		return 0
	})
	if n.Load() != 20 {
		t.Errorf("%d ports, want 20", n.Load())
	}
}

// TestCaps holds how many ports are in the hands of the receiver at once.
func TestCaps(t *testing.T) {
	var targets []Target
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		var open []uint16
		for range 5 {
			open = append(open, listen(t, host+":0"))
		}
		targets = append(targets, Target{Addr: netip.MustParseAddr(host), Transport: rtevent.TCP, Ports: single(open...)})
	}
	var mu sync.Mutex
	all, of := 0, map[netip.Addr]int{}
	most, mostOf := 0, 0
	Run(t.Context(), Options{Open: 3, HostOpen: 2}, slices.Values(targets), func(r Result) int {
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			all += by
			of[r.Target.Addr] += by
			most, mostOf = max(most, all), max(mostOf, of[r.Target.Addr])
		}
		count(1)
		time.Sleep(10 * time.Millisecond)
		count(-1)
		r.Conn.Close()
		return 0
	})
	if most != 3 || mostOf > 2 {
		t.Errorf("%d open ports at once and %d of one host, want 3 and at most 2", most, mostOf)
	}
}

// TestRate holds that what is begun is spread over time, and that what the receiver begins counts.
func TestRate(t *testing.T) {
	const rate, ports, further = 200, 10, 5
	for name, o := range map[string]Options{"all": {Rate: rate, Ports: 1}, "host": {HostRate: rate, HostPorts: 1}} {
		t.Run(name, func(t *testing.T) {
			target := Target{Addr: netip.MustParseAddr("127.0.0.78"), Transport: rtevent.TCP, Ports: NewPorts(Range{1, ports})}
			began := time.Now()
			Run(t.Context(), o, slices.Values([]Target{target}), func(r Result) int {
				if r.Conn != nil {
					r.Conn.Close()
				}
				if r.Port == 1 {
					return further
				}
				return 0
			})
			if took, least := time.Since(began), (ports-1+further)*time.Second/rate-late; took < least {
				t.Errorf("took %v, want at least %v", took, least)
			}
		})
	}
}

// TestRateCatchesUp holds the schedule: a start that comes late does not delay those after it.
func TestRateCatchesUp(t *testing.T) {
	r := perSecond(100)
	first := r.take(1)
	if next := r.take(3); next.Sub(first) != 10*time.Millisecond {
		t.Errorf("the second is due %v after the first", next.Sub(first))
	}
	if next := r.take(1); next.Sub(first) != 40*time.Millisecond {
		t.Errorf("after three more, the next is due %v after the first", next.Sub(first))
	}
}

// TestInterrupted holds that Run ends with its context, and that what is not known is not reported.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endless := func(yield func(Target) bool) {
		for n := 0; ; n++ {
			if n == 1000 {
				cancel()
			}
			if !yield(Target{Addr: netip.MustParseAddr("127.0.0.79"), Transport: rtevent.TCP, Ports: single(1)}) {
				return
			}
		}
	}
	Run(ctx, Options{}, endless, func(r Result) int {
		if r.State == "" {
			t.Error("reported without a state")
		}
		return 0
	})
}

// TestForgetsHosts holds that memory does not grow with what was tried before.
func TestForgetsHosts(t *testing.T) {
	s := newSweeper(Options{}, func(Result) int { return 0 })
	for i := range 1000 {
		s.target(t.Context(), &Target{Addr: netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), Transport: rtevent.TCP, Ports: single(1)})
	}
	if len(s.hosts.known) > 0 {
		t.Errorf("%d hosts are remembered", len(s.hosts.known))
	}
}

// TestPatience follows the host: from a guess to its own round trip.
func TestPatience(t *testing.T) {
	h := &host{}
	if each, most := h.patience(0); each != blindPatience || most != blindTries {
		t.Errorf("of an unknown host: %v, %d times", each, most)
	}
	for range 20 {
		h.answered(200 * time.Millisecond)
	}
	if each, most := h.patience(0); each < 300*time.Millisecond || each > 500*time.Millisecond || most != tries {
		t.Errorf("of a host 200 ms away: %v, %d times", each, most)
	}
	if each, _ := h.patience(200 * time.Millisecond); each != 50*time.Millisecond {
		t.Errorf("with a timeout of 200 ms: %v for each of %d tries", each, tries)
	}
}

func TestPorts(t *testing.T) {
	p := NewPorts(Range{80, 80}, Range{1, 10}, Range{5, 20}, Range{21, 22}, Range{65535, 65535}, Range{80, 81})
	if diff := cmp.Diff(Ports{{1, 22}, {80, 81}, {65535, 65535}}, p); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := len(slices.Collect(p.All())); n != p.Len() || n != 25 {
		t.Errorf("%d yielded, %d counted, want 25", n, p.Len())
	}
	if !p.Has(80) || p.Has(79) || !p.Has(65535) {
		t.Error("80 and 65535 are among them, 79 is not")
	}
}
