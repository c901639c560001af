// Package sweep tells which ports of a host are open, as fast as the host allows.
//
// A port is tried with a TCP connection, as any client would make it. How long an answer may take follows from what the
// host took for the ones before; who does not answer is tried again, so that a lost packet costs a round trip and no
// port. The connection that a port accepted is handed on, so that whoever is to be asked meets nobody who hangs up
// without a word. Over UDP there is nothing to try: every port is handed on.
package sweep

import (
	"cmp"
	"context"
	"iter"
	"net"
	"net/netip"
	"sync"
	"time"

	"rtevent"
)

// Options bound a sweep. 0 stands for what is said of each.
type Options struct {
	// Rate and HostRate cap the connections that are begun each second, over all hosts and at one; 0: as fast as it goes.
	Rate, HostRate int

	// Ports and HostPorts cap the ports that are being tried or are in the hands of each at once; 0 means 1024 and 512.
	Ports, HostPorts int

	// Open and HostOpen cap how many of these may be in the hands of each as open; 0 means 64 and 16.
	Open, HostOpen int

	// Timeout is how long one port may take to answer, with all tries; 0 lets it follow from the host's round trip.
	Timeout time.Duration
}

// Target is some ports of one host.
type Target struct {
	Name      string // as the user wrote the host
	Addr      netip.Addr
	Transport rtevent.Transport
	Ports     Ports

	// Named are those of the Ports that the user wrote out one by one: they are reported even of a host that accepts on
	// every port.
	Named Ports
}

// inOrder yields the named ports first: they are likely to answer, and by that the host's round trip is known.
func (t *Target) inOrder() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for port := range t.Named.All() {
			if !yield(port) {
				return
			}
		}
		for port := range t.Ports.All() {
			if !t.Named.Has(port) && !yield(port) {
				return
			}
		}
	}
}

// Result is the state of one port, or of all unnamed ports of a host that accepts on every one (Everywhere).
type Result struct {
	Target *Target
	Port   uint16
	State  rtevent.State
	Why    string        // what came back instead of an answer
	RTT    time.Duration // the host's round trip, as far as it is known

	// Conn is that of an open TCP port: the receiver's to use and to close. Opened is since when it is there.
	Conn   net.Conn
	Opened time.Time

	Denied     bool // this system did not let the packets out
	Everywhere bool
}

// Run tries every port of the targets, which are drawn as there is room for them, and hands over each result when it is
// known. Each may be called by many goroutines at once and may take its time: while it has them, ports count as being
// tried, and open ones and those of UDP as open. It returns how many further connections it has begun, which count for the rates.
// Run returns when the targets are exhausted or ctx has ended, and every call of each has returned.
func Run(ctx context.Context, o Options, targets iter.Seq[Target], each func(Result) int) {
	s := newSweeper(o, each)
	var running sync.WaitGroup
	defer running.Wait()
	for t := range targets {
		if s.targets.take(ctx) != nil {
			return
		}
		running.Go(func() {
			defer s.targets.leave()
			s.target(ctx, &t)
		})
	}
}

// sweeper holds what the goroutines of one Run share.
type sweeper struct {
	Options
	each    func(Result) int
	targets slots
	ports   slots
	open    slots
	rate    *rate
	hosts   hosts
}

func newSweeper(o Options, each func(Result) int) *sweeper {
	o.Ports, o.HostPorts = cmp.Or(o.Ports, 1024), cmp.Or(o.HostPorts, 512)
	o.Open, o.HostOpen = cmp.Or(o.Open, 64), cmp.Or(o.HostOpen, 16)
	return &sweeper{
		Options: o,
		each:    each,
		targets: make(slots, o.Ports), // each has one port under way at least
		ports:   make(slots, o.Ports),
		open:    make(slots, o.Open),
		rate:    perSecond(o.Rate),
		hosts:   hosts{options: o, known: map[netip.Addr]*host{}},
	}
}

// target tries the ports of one target side by side.
func (s *sweeper) target(ctx context.Context, t *Target) {
	h := s.hosts.enter(t.Addr)
	defer s.hosts.leave(h)
	var running sync.WaitGroup
	skipped := false
	for port := range t.inOrder() {
		if h.everywhere.Load() && !t.Named.Has(port) {
			skipped = true
			continue
		}
		if h.ports.take(ctx) != nil {
			break
		}
		if s.ports.take(ctx) != nil {
			h.ports.leave()
			break
		}
		running.Go(func() {
			defer h.ports.leave()
			defer s.ports.leave()
			s.port(ctx, h, t, port)
		})
	}
	running.Wait()
	if skipped || h.everywhere.Load() && t.Ports.Len() > t.Named.Len() {
		s.each(Result{Target: t, State: rtevent.Open, RTT: h.roundTrip(), Everywhere: true})
	}
}

// port tries one port and hands it over.
func (s *sweeper) port(ctx context.Context, h *host, t *Target, port uint16) {
	r := Result{Target: t, Port: port}
	if t.Transport == rtevent.TCP {
		s.try(ctx, h, &r)
	} else if ctx.Err() == nil {
		r.State = rtevent.OpenFiltered
	}
	if r.State == rtevent.Open && !t.Named.Has(port) && s.acceptsEverywhere(ctx, h, t) {
		r.Conn.Close()
		return
	}
	if r.State == rtevent.Open || r.State == rtevent.OpenFiltered {
		if leave, err := s.takeOpen(ctx, h); err == nil {
			defer leave()
		}
	}
	if r.State == "" {
		return // ctx has ended before it was known
	}
	r.RTT = h.roundTrip()
	more := s.each(r)
	s.rate.take(more)
	h.rate.take(more)
}

func (s *sweeper) takeOpen(ctx context.Context, h *host) (leave func(), err error) {
	if err := h.open.take(ctx); err != nil {
		return nil, err
	}
	if err := s.open.take(ctx); err != nil {
		h.open.leave()
		return nil, err
	}
	return func() {
		s.open.leave()
		h.open.leave()
	}, nil
}

// slots bound what goes on at once.
type slots chan struct{}

func (s slots) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slots) leave() { <-s }
