// Watches: tells what listens, and the moment that changes.

package observe

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"rtevent"
)

// Watch tells what happens to the Listeners of this host. Run does the work; the other methods may be called at any time
// from other goroutines.
type Watch struct {
	options Options

	mu       sync.Mutex
	coverage rtevent.Coverage
	dialer   dialer // nil while Run does not run
}

// dialer reaches Listeners in their own network namespaces.
type dialer interface {
	dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error)
}

// NewWatch makes a Watch that does nothing yet.
func NewWatch(o Options) *Watch { return &Watch{options: o} }

// Run tells every Change until ctx is done, then returns the reason. First come the Listeners that are there already, as
// Opened with Existing, then Settled, then what happens; Run is to be called once. Calls of each follow one another; while
// one lasts, what happens waits in bounded memory, and what finds no room there is Lost. An error says why nothing
// can be seen; it wraps errors.ErrUnsupported where there is no way to look.
func (w *Watch) Run(ctx context.Context, each func(Change)) error {
	if err := w.options.check(); err != nil {
		return err
	}
	return w.run(ctx, each)
}

// Coverage says how the host is watched, by what each kind of Change is told, and what cannot be seen.
func (w *Watch) Coverage() rtevent.Coverage {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.coverage
	c.Gaps, c.Events = slices.Clone(c.Gaps), maps.Clone(c.Events)
	return c
}

// Dial connects to a Listener of this Watch from inside its own network namespace, as Snapshot.Dial does. It works while
// Run runs.
func (w *Watch) Dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	w.mu.Lock()
	reach := w.dialer
	w.mu.Unlock()
	if reach == nil {
		var direct net.Dialer
		return direct.DialContext(ctx, network, l.AddrPort().String())
	}
	return reach.dial(ctx, l, network)
}

func (w *Watch) reachBy(d dialer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialer = d
}

// The clocks of a Watch, where Options do not set them.
const (
	defaultPoll      = 250 * time.Millisecond
	defaultReconcile = 30 * time.Second

	// blindReconcile is how often everything is looked at where BPF does not tell of other namespaces and of holders.
	blindReconcile = 5 * time.Second
)
