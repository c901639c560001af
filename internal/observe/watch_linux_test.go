package observe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"rtevent"
)

// watching runs a Watch for the time of a test.
type watching struct {
	*Watch
	t       *testing.T
	changes chan Change
}

// startWatch waits until everything that was there is told, and returns that.
func startWatch(t *testing.T, o Options) (w *watching, before []Change) {
	t.Helper()
	o.BPFTimeout = time.Minute // the machine may be busy
	w = &watching{NewWatch(o), t, make(chan Change, 1<<20)}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, func(c Change) { w.changes <- c }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	})
	for {
		c := w.next(time.Minute)
		if c.Kind == Settled {
			return w, before
		}
		before = append(before, c)
	}
}

func (w *watching) next(patience time.Duration) Change {
	w.t.Helper()
	select {
	case c := <-w.changes:
		return c
	case <-time.After(patience):
		w.t.Fatalf("nothing told in %v; coverage %+v", patience, w.Coverage())
		return Change{}
	}
}

// until returns the next Change of one endpoint.
func (w *watching) until(transport rtevent.Transport, at netip.AddrPort) Change {
	w.t.Helper()
	for {
		if c := w.next(time.Minute); isAt(c, transport, at) {
			return c
		}
	}
}

func isAt(c Change, transport rtevent.Transport, at netip.AddrPort) bool {
	l := c.Listener
	return l.Namespace == "" && l.Transport == transport && l.Address == at.Addr() && l.Port == at.Port()
}

func TestWatch(t *testing.T) {
	there, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	w, before := startWatch(t, Options{})
	at := netip.MustParseAddrPort(there.Addr().String())
	if !slices.ContainsFunc(before, func(c Change) bool { return c.Kind == Opened && c.Existing && isAt(c, rtevent.TCP, at) }) {
		t.Errorf("what was there is not told: %+v", before)
	}
	for _, kind := range kinds {
		address, socket := kind.open(t)
		at := netip.MustParseAddrPort(address.String())
		c := w.until(kind.transport, at)
		if c.Kind != Opened || !slices.Equal(pidsOf(&c.Listener), []int{os.Getpid()}) || c.Listener.Scope != kind.scope {
			t.Errorf("%s: %+v", kind.name, c)
		}
		socket.Close()
		for c.Kind == Opened {
			c = w.until(kind.transport, at)
		}
		if c.Kind != Closed {
			t.Errorf("%s: %+v", kind.name, c)
		}
	}
}

// TestWatchLostRoom dials into a namespace that neither a process nor a mount leads to: only a descriptor does.
func TestWatchLostRoom(t *testing.T) {
	needRoot(t)
	port := openElsewhere(t, func(string) {})
	w, before := startWatch(t, Options{})
	for _, c := range before {
		if c.Listener.Port != port || c.Listener.Namespace == "" {
			continue
		}
		conn, err := w.Dial(t.Context(), c.Listener, "tcp")
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		return
	}
	t.Error("not seen")
}

// TestLookAfterHang looks again after the kernel did not come back from naming holders: without waiting for it once more.
func TestLookAfterHang(t *testing.T) {
	proc, err := openProc("")
	if err != nil {
		t.Fatal(err)
	}
	defer proc.close()
	r := newWatcher(NewWatch(Options{}), proc, func(Change) {})
	defer r.end()
	r.iterator = &iterator{patience: time.Millisecond, ask: make(chan struct{}, 1), answers: make(chan answer, 1), isReady: true}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	looks := make(chan *looked, 2)
	go func() {
		looks <- r.look(t.Context())
		looks <- r.look(t.Context())
	}()
	for range cap(looks) {
		select {
		case seen := <-looks:
			if seen.err != nil {
				t.Fatal(seen.err)
			}
			port := netip.MustParseAddrPort(l.Addr().String()).Port()
			if !slices.ContainsFunc(seen.sockets, func(s socket) bool { return s.port == port && len(s.holders) == 1 }) {
				t.Errorf("who holds port %d is not seen", port)
			}
		case <-time.After(time.Minute):
			t.Fatal("it looks no more")
		}
	}
}
