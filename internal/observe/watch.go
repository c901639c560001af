// Watches: tells what listens, and the moment that changes.

package observe

import (
	"context"
	"net"
	"reflect"
	"sync"
	"time"

	"rtevent"
)

// defaultPoll is how often the sockets are listed where the kernel does not tell of them by itself.
const defaultPoll = 250 * time.Millisecond

// Watch tells what happens to the Listeners of this host. Run does the work; the other methods may be called at any time
// from other goroutines.
type Watch struct {
	options Options

	mu       sync.Mutex
	latest   *Snapshot
	coverage rtevent.Coverage
}

// NewWatch makes a Watch that does nothing yet.
func NewWatch(o Options) *Watch { return &Watch{options: o} }

// Run tells every Change until ctx is done, then returns the reason. First come the Listeners that are there already, as
// Opened with Existing, then Settled, then what happens. Calls of each follow one another; while one lasts, further
// Changes wait in bounded memory. An error says why nothing can be seen; it wraps errors.ErrUnsupported where there is no
// way to look.
func (w *Watch) Run(ctx context.Context, each func(Change)) error {
	defer w.close()
	var before map[place]rtevent.Listener
	clock := time.NewTicker(defaultPoll)
	defer clock.Stop()
	for {
		snapshot, err := Look(ctx, w.options)
		if err != nil && (before == nil || ctx.Err() != nil) {
			return err
		}
		if err == nil {
			w.keep(snapshot)
			now := byPlace(snapshot.Listeners)
			tellDifferences(before, now, each)
			if before == nil {
				each(Change{Kind: Settled, At: time.Now()})
			}
			before = now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-clock.C:
		}
	}
}

// place is what makes two Listeners the same endpoint.
type place struct {
	transport rtevent.Transport
	at        string
	netns     uint64
	namespace string
	device    string
}

func byPlace(listeners []rtevent.Listener) map[place]rtevent.Listener {
	all := make(map[place]rtevent.Listener, len(listeners))
	for _, l := range listeners {
		at := l.Address.String() + " " + l.PortName()
		all[place{l.Transport, at, l.NetNS, l.Namespace, l.Device}] = l
	}
	return all
}

func tellDifferences(before, now map[place]rtevent.Listener, each func(Change)) {
	at := time.Now()
	for p, l := range before {
		if _, stays := now[p]; !stays {
			each(Change{Kind: Closed, Listener: l, At: at, Existing: true})
		}
	}
	for p, l := range now {
		old, known := before[p]
		switch {
		case !known:
			each(Change{Kind: Opened, Listener: l, At: at, Existing: true})
		case !reflect.DeepEqual(old.Holders, l.Holders):
			each(Change{Kind: Held, Listener: l, At: at, Existing: true})
		}
	}
}

// Coverage says how the host is watched and what cannot be seen.
func (w *Watch) Coverage() rtevent.Coverage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.coverage
}

// Dial connects to a Listener of this Watch from inside its own network namespace, as Snapshot.Dial does.
func (w *Watch) Dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest == nil {
		return (&Snapshot{}).dial(ctx, l, network)
	}
	return w.latest.dial(ctx, l, network)
}

func (w *Watch) keep(s *Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest != nil {
		w.latest.Close()
	}
	w.latest, w.coverage = s, s.Coverage
}

func (w *Watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest != nil {
		w.latest.Close()
		w.latest = nil
	}
}
