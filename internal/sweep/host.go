package sweep

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// host is what is known of one host while any of its ports is being tried.
type host struct {
	addr  netip.Addr
	ports slots
	open  slots
	rate  *rate
	users int // targets under way

	mu   sync.Mutex
	rtt  time.Duration // smoothed round trip; 0 while nobody has answered
	rttv time.Duration // how much it varies

	accepted, refused atomic.Int64 // ports that answered so
	decoys            sync.Once
	everywhere        atomic.Bool // the decoys were accepted
}

// hosts keeps those with a target under way, so that what it takes does not grow with what was tried before.
type hosts struct {
	options Options
	mu      sync.Mutex
	known   map[netip.Addr]*host
}

func (s *hosts) enter(a netip.Addr) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.known[a]
	if h == nil {
		h = &host{
			addr:  a,
			ports: make(slots, s.options.HostPorts),
			open:  make(slots, s.options.HostOpen),
			rate:  perSecond(s.options.HostRate),
		}
		s.known[a] = h
	}
	h.users++
	return h
}

func (s *hosts) leave(h *host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.users--; h.users == 0 {
		delete(s.known, h.addr)
	}
}

// answered notes how long an answer took (RFC 6298, section 2).
func (h *host) answered(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rtt == 0 {
		h.rtt, h.rttv = took, took/2
		return
	}
	h.rttv += ((h.rtt - took).Abs() - h.rttv) / 4
	h.rtt += (took - h.rtt) / 8
}

func (h *host) roundTrip() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rtt
}

// Bounds of how long one try may wait.
const (
	leastPatience = 100 * time.Millisecond // a busy machine answers late
	mostPatience  = 3 * time.Second

	// blindPatience is for a host that has not answered yet. The kernel repeats a request after a second, so that two
	// go out.
	blindPatience = 1500 * time.Millisecond
)

// How often a port is tried. Of a hundred packets that go one way two are lost on a bad line: of 400,000 ports one is
// then missed.
const (
	tries      = 4
	blindTries = 2 // of two requests each
)

// patience is how long the next try may wait for its answer, and how many tries there are by what is known now.
func (h *host) patience(timeout time.Duration) (each time.Duration, most int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	each, most = blindPatience, blindTries
	if h.rtt > 0 {
		each, most = min(max(h.rtt+4*h.rttv, 2*h.rtt, leastPatience), mostPatience), tries
	}
	if timeout > 0 {
		each = min(each, timeout/time.Duration(most))
	}
	return each, most
}
