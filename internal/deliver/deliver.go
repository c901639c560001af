// Package deliver serves a journal to whoever asks: native lines, NDJSON, SSE, WebSocket and the CloudEvents HTTP binding
// on the same port, told apart by the first bytes; one file per dialect.
//
// Whatever the dialect, a subscription is a feed (feed.go): a position that follows the journal's tail in memory, falls
// back to the journal itself when it is slow, and never waits for anybody else.
package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// Log is the journal, as far as delivering needs it.
type Log interface {
	// Bounds are known at once. Newest is the last number that readers may see.
	Bounds() wire.Bounds

	// Publish takes an event, or blocks while too many are under way. done is called once, in the order of numbers, from
	// the journal's own goroutine: it must not block.
	Publish(p wire.Publication, done func(wire.Ack))

	// Tail is the newest stretch in memory.
	Tail() *tail.Tail

	// Read yields what comes after the number, up to the newest at the moment it gets there. A *wire.Gap is yielded in its
	// place and reading goes on; any other error ends it.
	Read(ctx context.Context, after uint64) iter.Seq2[wire.Entry, error]

	// State yields the last event of each matching topic, all at or before the number at, in order.
	State(ctx context.Context, match func(topic string) bool) (at uint64, entries iter.Seq2[wire.Entry, error])

	// After is the number before the first event that was stored at or after the time.
	After(ctx context.Context, t time.Time) (uint64, error)
}

// Options are what a server needs. Zero values of Limits are replaced by the defaults.
type Options struct {
	Log      Log
	Software string // "rtevent/0.1.0"
	Node     string // the name of this host
	Durable  string // what an acknowledgement promises, for the greeting
	Limits   Limits
	Access   *Access      // who may what; nil: whoever comes from loopback may everything, nobody else anything
	TLS      *tls.Config  // for TLS on any listener; nil: there is none
	TLSPort  int          // told in the greeting, where there is one
	Hosts    []string     // names, beside this host's and loopback's, under which browsers may reach it
	Page     http.Handler // what no dialect claims; may be nil
	Logger   *slog.Logger
}

// Server serves one journal.
type Server struct {
	Options
	metrics *metrics
	gate    *gate
	http    *http.Server
	toHTTP  *handover

	browsers browsers

	draining chan struct{} // closed when the server says good-bye
	sessions sync.WaitGroup

	mu    sync.Mutex
	talks map[*talk]struct{}
}

// Listener is a place where the server is reached. What TLS is spoken on from the first byte has TLS set: there the
// greeting comes at once.
type Listener struct {
	net.Listener
	TLS bool
}

// New makes a server. It starts nothing.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		return nil, errors.New("deliver: no journal")
	}
	o.Limits = o.Limits.withDefaults()
	if o.Access == nil {
		o.Access = &Access{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{Options: o, gate: newGate(o.Limits), toHTTP: newHandover(), draining: make(chan struct{}), talks: map[*talk]struct{}{}}
	s.metrics = newMetrics(s)
	s.http = s.newHTTP()
	return s, nil
}

// drainTime is how long sessions may take to say good-bye.
const drainTime = 3 * time.Second

// Run serves the listeners until ctx ends. Then it takes no more, says good-bye to everybody with the cursor they are at,
// and returns when all are gone. It closes the listeners.
func (s *Server) Run(ctx context.Context, listeners ...Listener) error {
	hard, cut := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx, so that there is time to drain
	defer cut()
	s.http.BaseContext = func(net.Listener) context.Context { return hard }
	failed := make(chan error, len(listeners)+1)
	var accepting, serving sync.WaitGroup
	for _, l := range listeners {
		accepting.Go(func() { failed <- s.accept(hard, l) })
	}
	serving.Go(func() {
		if err := s.http.Serve(s.toHTTP); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	})
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, l := range listeners {
		l.Close()
	}
	close(s.draining)
	accepting.Wait() // no session begins from here on
	s.drain(cut)
	serving.Wait()
	return err
}

// drain waits for the sessions to end, and cuts those that take too long.
func (s *Server) drain(cut func()) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	for _, t := range s.underWay() {
		s.sessions.Go(t.drain)
	}
	_ = s.http.Shutdown(ctx)
	ended := make(chan struct{})
	go func() { s.sessions.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		cut()
		s.http.Close()
		<-ended
	}
}

// underWay are the talks.
func (s *Server) underWay() []*talk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.talks))
}
