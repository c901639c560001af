package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent"
	"rtevent/client"
	"rtevent/internal/iana"
	"rtevent/internal/journal"
	"rtevent/internal/wire"
)

// options are those of a daemon on a free port of loopback.
func options(t *testing.T, dir string) (Options, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := Options{
		Journal:  journal.Options{Dir: dir, FreeBytes: 1, TailBytes: 4 << 20, Durability: journal.Process},
		Registry: iana.Open(),
		Listen:   []string{l.Addr().String()},
		Host:     "lab", Version: "test",
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	o.Live.NoProbe = true
	return o, l.Addr().String()
}

// running runs a daemon until stop is called.
func running(t *testing.T, o Options) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the daemon ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the daemon does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

// call waits for the daemon to be there.
func call(t *testing.T, address string) *client.Client {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := client.Dial(t.Context(), address, nil)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			return c
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// await follows the events of a port until one has one of the types.
func await(t *testing.T, c *client.Client, from client.Start, port int, kinds ...string) rtevent.ListenerChange {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	filter := fmt.Sprintf("listener.lab.tcp.%d.>", port)
	for e, err := range c.Subscribe(ctx, client.Subscription{Topics: []string{filter}, From: from}) {
		if err != nil {
			t.Fatalf("wait for %s of port %d: %v", kinds, port, err)
		}
		if slices.Contains(kinds, e.Type) {
			var change rtevent.ListenerChange
			if err := json.Unmarshal(e.Data, &change); err != nil {
				t.Fatal(err)
			}
			return change
		}
	}
	t.Fatal("the subscription ended")
	return rtevent.ListenerChange{}
}

// TestStory opens and closes listeners while the daemon runs and while it does not: all of it is told.
func TestStory(t *testing.T) {
	o, address := options(t, t.TempDir())
	stays, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()
	goes, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := func(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
	stop := running(t, o)
	c := call(t, address)
	if change := await(t, c, client.State, port(goes), rtevent.ListenerOpened); !change.Existing || len(change.Listener.Holders) == 0 {
		t.Errorf("what was there is told as %+v", change)
	}
	await(t, c, client.State, port(stays), rtevent.ListenerOpened)
	opens, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if change := await(t, c, client.State, port(opens), rtevent.ListenerOpened); change.Existing {
		t.Error("what opened before its eyes is told as having existed")
	}
	opens.Close()
	await(t, c, client.State, port(opens), rtevent.ListenerClosed, rtevent.ListenerShortLived)
	before := c.Server().Newest
	stop()

	goes.Close() // while nobody watches
	comes, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer comes.Close()
	running(t, o)
	c = call(t, address)
	if epoch := c.Server().Newest.Epoch; epoch != before.Epoch {
		t.Errorf("the epoch changed from %s to %s, and nothing was lost", before.Epoch, epoch)
	}
	if change := await(t, c, client.State, port(goes), rtevent.ListenerClosed); !change.Existing {
		t.Error("what closed while nobody watched is told as seen")
	}
	if change := await(t, c, client.State, port(comes), rtevent.ListenerOpened); !change.Existing {
		t.Error("what opened while nobody watched is told as seen")
	}
	opened := 0
	for e, err := range c.Subscribe(t.Context(), client.Subscription{Topics: []string{fmt.Sprintf("listener.lab.tcp.%d.>", port(stays))}, From: client.Oldest, OnLive: func(rtevent.Cursor) { c.Close() }}) {
		if err != nil {
			t.Fatal(err)
		}
		if opened++; e.Type != rtevent.ListenerOpened {
			t.Errorf("what stayed is told as %s", e.Type)
		}
		break
	}
	if opened != 1 {
		t.Errorf("what stayed is told %d times to have opened", opened)
	}
}

// TestRefuses holds that nothing is opened to the outside unless that is safe, or said in words.
func TestRefuses(t *testing.T) {
	o, _ := options(t, t.TempDir())
	o.NoWatch = true
	o.Listen = []string{"0.0.0.0:0"}
	if err := Run(t.Context(), o); !errors.Is(err, ErrRefused) {
		t.Errorf("plain on every address: %v", err)
	}
	o.Listen = []string{"127.0.0.1:0"}
	o.TLSListen = []string{"127.0.0.1:0"}
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("TLS without a certificate: %v", err)
	}
	tokens := filepath.Join(t.TempDir(), "tokens")
	secret := "sha256:" + strings.Repeat("ab", 31)
	if err := os.WriteFile(tokens, []byte("lab "+secret+" subscribe=>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.TLSListen, o.Tokens = nil, tokens
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "line 1") || strings.Contains(err.Error(), "abab") {
		t.Errorf("a broken line of tokens: %v", err)
	}
}

// flaky is a journal that takes nothing at times.
type flaky struct {
	mu     sync.Mutex
	broken bool
	got    []string
}

func (f *flaky) Publish(p wire.Publication, done func(wire.Ack)) {
	f.mu.Lock()
	broken := f.broken
	if !broken {
		f.got = append(f.got, p.ID)
	}
	f.mu.Unlock()
	if broken {
		done(wire.Ack{Err: wire.ErrFull})
		return
	}
	done(wire.Ack{Cursor: rtevent.Cursor{Epoch: "test", Seq: 1}})
}

// TestTellerKeepsAll holds that no event of this host is lost, or told out of turn, when the journal is full for a while.
func TestTellerKeepsAll(t *testing.T) {
	f := &flaky{}
	var log bytes.Buffer
	tell := newTeller(f, slog.New(slog.NewTextHandler(&log, nil)))
	tell.pause = 5 * time.Millisecond
	for n := range 100 {
		f.mu.Lock()
		f.broken = n%10 == 3
		f.mu.Unlock()
		if n%10 == 3 {
			time.AfterFunc(20*time.Millisecond, func() {
				f.mu.Lock()
				f.broken = false
				f.mu.Unlock()
			})
		}
		tell.tell(t.Context(), rtevent.Event{ID: fmt.Sprint(n), Source: "//lab", Type: "t", Topic: "listener.lab"})
		if n%10 == 3 {
			tell.tell(t.Context(), rtevent.Event{ID: fmt.Sprint(n, "b"), Source: "//lab", Type: "t", Topic: "listener.lab"})
		}
	}
	tell.settle()
	if len(f.got) != 110 {
		t.Errorf("%d events arrived, want 110", len(f.got))
	}
	var want []string
	for n := range 100 {
		want = append(want, fmt.Sprint(n))
		if n%10 == 3 {
			want = append(want, fmt.Sprint(n, "b"))
		}
	}
	if fmt.Sprint(f.got) != fmt.Sprint(want) {
		t.Errorf("in the order %v", f.got)
	}
	if !strings.Contains(log.String(), "full") {
		t.Error("nothing was logged")
	}
}

// slow is a journal that answers later, and refuses the first event of each topic once.
type slow struct {
	mu      sync.Mutex
	refused map[string]bool
	got     []string
}

func (s *slow) Publish(p wire.Publication, done func(wire.Ack)) {
	time.AfterFunc(time.Millisecond, func() {
		s.mu.Lock()
		first := p.ID == "opened" && !s.refused[p.Topic]
		if s.refused[p.Topic] = true; !first {
			s.got = append(s.got, p.Topic+" "+p.ID)
		}
		s.mu.Unlock()
		if first {
			done(wire.Ack{Err: wire.ErrFull})
			return
		}
		done(wire.Ack{})
	})
}

// TestTellerKeepsOrder holds that an event which the journal takes at the second attempt is stored before the next of its
// topic: else what has closed would stand there as open.
func TestTellerKeepsOrder(t *testing.T) {
	s := &slow{refused: map[string]bool{}}
	tell := newTeller(s, slog.New(slog.DiscardHandler))
	tell.pause = time.Millisecond
	for _, topic := range []string{"listener.a", "listener.b", "listener.c"} {
		for _, id := range []string{"opened", "closed"} {
			tell.tell(t.Context(), rtevent.Event{ID: id, Source: "//lab", Type: "t", Topic: topic})
		}
	}
	tell.settle()
	for _, topic := range []string{"listener.a", "listener.b", "listener.c"} {
		opened, closed := slices.Index(s.got, topic+" opened"), slices.Index(s.got, topic+" closed")
		if opened < 0 || closed < opened {
			t.Errorf("stored were %v", s.got)
		}
	}
}
