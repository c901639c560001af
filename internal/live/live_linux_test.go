package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
	"rtevent/internal/iana"
)

// happening is an event with its data read.
type happening struct {
	rtevent.Event
	rtevent.ListenerChange
}

// kind is the type in short.
func (h happening) kind() string { return strings.TrimPrefix(h.Type, "rtevent.listener.") }

// watching runs a Live for the time of a test.
type watching struct {
	*Live
	t    *testing.T
	mu   sync.Mutex
	all  []happening
	news chan struct{}
	stop context.CancelFunc
	done chan error

	stalled atomic.Pointer[chan struct{}] // until it is closed, nobody reads
}

// watch waits until everything that was there is told.
func watch(t *testing.T, o Options) *watching {
	t.Helper()
	o.Registry = iana.Embedded()
	o.Observe.BPFTimeout = time.Minute
	settled := make(chan struct{})
	o.Settled = func(rtevent.Coverage) { close(settled) }
	ctx, stop := context.WithCancel(context.Background())
	w := &watching{Live: New(o), t: t, news: make(chan struct{}, 1), stop: stop, done: make(chan error, 1)}
	go func() { w.done <- w.Run(ctx, w.take) }()
	t.Cleanup(w.end)
	select {
	case <-settled:
	case err := <-w.done:
		w.done <- err
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("it does not settle")
	}
	return w
}

func (w *watching) end() {
	w.stop()
	if err := <-w.done; !errors.Is(err, context.Canceled) && !errors.Is(err, errors.ErrUnsupported) {
		w.t.Errorf("run: %v", err)
	}
	w.done <- context.Canceled
}

func (w *watching) take(e rtevent.Event) {
	if stall := w.stalled.Load(); stall != nil {
		<-*stall
	}
	h := happening{Event: e}
	if err := json.Unmarshal(e.Data, &h.ListenerChange); err != nil {
		w.t.Error(err)
	}
	w.mu.Lock()
	w.all = append(w.all, h)
	w.mu.Unlock()
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// tells tells whether the kernel tells of TCP listeners as they open.
func (w *watching) tells() bool { return w.Coverage().Events["tcp_opened"] == "bpf" }

// own tells whether this very process holds a listener.
func own(holders []rtevent.Owner, pid int) bool {
	return slices.ContainsFunc(holders, func(o rtevent.Owner) bool { return o.PID == pid })
}

// of lists what was told of a port so far.
func (w *watching) of(port uint16) []happening {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []happening
	for _, h := range w.all {
		if h.Listener != nil && h.Listener.Port == port && h.Listener.Address == home && !own(h.Listener.Holders, os.Getpid()) { // free is seen, too
			found = append(found, h)
		}
	}
	return found
}

// story waits until what is told of a port is this: kinds with spaces between them.
func (w *watching) story(port uint16, want string) []happening {
	w.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		story := w.of(port)
		var kinds []string
		for _, h := range story {
			kinds = append(kinds, h.kind())
		}
		got := strings.Join(kinds, " ")
		if got == want {
			return story
		}
		if !strings.HasPrefix(want, got) {
			w.t.Fatalf("port %d: told %q, want %q\n%s", port, got, want, dump(story))
		}
		select {
		case <-w.news:
		case <-deadline:
			w.t.Fatalf("port %d: told %q, want %q; coverage %+v", port, got, want, w.Coverage())
		}
	}
}

func dump(story []happening) string {
	var b strings.Builder
	for _, h := range story {
		fmt.Fprintf(&b, "%s %s %s\n", h.Time.Format("15:04:05.000000"), h.kind(), h.Data)
	}
	return b.String()
}

// quiet holds that nothing more is told of a port for a while.
func (w *watching) quiet(port uint16, d time.Duration) {
	w.t.Helper()
	before := len(w.of(port))
	time.Sleep(d)
	if after := w.of(port); len(after) != before {
		w.t.Errorf("port %d: told more: %s", port, dump(after[before:]))
	}
}

// free is a port that nobody uses now.
func free(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", at(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// TestMain lets the test be the programs that it watches.
func TestMain(m *testing.M) {
	if os.Getenv("LIVE_TEST_SERVER") != "" {
		serve(os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

// serve is one of the programs that the tests watch. Each does something to an address, says so, and ends when its
// standard input does.
func serve(args []string) {
	must := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	open := func() net.Listener {
		reuse := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
			if args[0] == "share" {
				return errors.Join(c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }), err)
			}
			return nil
		}}
		l, err := reuse.Listen(context.Background(), "tcp", args[1])
		must(err)
		return l
	}
	switch args[0] {
	case "web":
		go http.Serve(open(), http.NotFoundHandler())
	case "silent", "share":
		open()
	case "flash":
		open().Close()
	case "again": // opens the same port a second time
		l := open()
		go http.Serve(l, http.NotFoundHandler())
		time.Sleep(1500 * time.Millisecond)
		l.Close()
		time.Sleep(300 * time.Millisecond)
		go http.Serve(open(), http.NotFoundHandler())
	case "late": // accepts, but serves only after a while, as what starts slowly
		l := open()
		go func() {
			time.Sleep(6 * time.Second)
			http.Serve(l, http.NotFoundHandler())
		}()
	case "storm": // opens and closes the port again and again
		at := netip.MustParseAddrPort(args[1])
		for range 20_000 {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			must(err)
			must(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
			must(unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}))
			must(unix.Listen(fd, 1))
			must(unix.Close(fd))
		}
	case "crowd": // opens a thousand ports and keeps them
		for range 1000 {
			open()
		}
	}
	fmt.Println("listening")
	var b [1]byte
	os.Stdin.Read(b[:])
}

// server is another process that listens.
type server struct {
	*exec.Cmd
	stdin interface{ Close() error }
}

func launch(t *testing.T, args ...string) *server {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launchAs(t, exec.Command(exe, args...))
}

func launchAs(t *testing.T, c *exec.Cmd) *server {
	t.Helper()
	c.Env = append(os.Environ(), "LIVE_TEST_SERVER=1")
	c.Stderr = os.Stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{c, stdin}
	t.Cleanup(s.end)
	var b [64]byte
	if n, err := stdout.Read(b[:]); err != nil || !strings.HasPrefix(string(b[:n]), "listening") {
		t.Fatalf("the server says %q, %v", b[:n], err)
	}
	return s
}

func (s *server) end() {
	if s.stdin != nil {
		s.stdin.Close()
		s.Wait()
		s.stdin = nil
	}
}

// home is an address of this host where nobody else is.
var home = netip.MustParseAddr("127.44.0.1")

func at(port uint16) string { return netip.AddrPortFrom(home, port).String() }

// TestStory follows one listener from its opening to its end.
func TestStory(t *testing.T) {
	w := watch(t, Options{Host: "web.example"})
	port := free(t)
	s := launch(t, "web", at(port))
	story := w.story(port, "opened identified")
	opened, identified := story[0], story[1]
	if opened.Source != "//web.example" || opened.Topic != opened.Listener.Topic() || opened.ID == identified.ID || w.tells() && opened.Existing {
		t.Errorf("opened: %+v", opened)
	}
	if opened.Listener.Finding != nil || opened.Listener.Holders[0].PID != s.Process.Pid {
		t.Errorf("opened: %s", opened.Data)
	}
	l := identified.Listener
	if l.Finding == nil || l.Finding.Protocol != "http" || l.Verdict == nil || l.Claim == nil || l.Holders[0].PID != s.Process.Pid || l.Holders[0].Unseen != "" || len(l.Holders[0].Ancestry) == 0 {
		t.Errorf("identified: %s", identified.Data)
	}
	if state := w.State(); len(state) == 0 || !contains(state, port) {
		t.Errorf("the state has no port %d: %+v", port, state)
	}
	s.end()
	closed := w.story(port, "opened identified closed")[2]
	if !closed.Existing && (closed.LivedMS == nil || *closed.LivedMS <= 0) || closed.Listener.Finding == nil || closed.Listener.Finding.Protocol != "http" {
		t.Errorf("closed: %s", closed.Data)
	}
	if contains(w.State(), port) {
		t.Error("the state still has it")
	}
}

func contains(state []rtevent.Listener, port uint16) bool {
	for _, l := range state {
		if l.Port == port {
			return true
		}
	}
	return false
}

// TestExisting tells what was there before: it opened, and is identified, and both say that they were found by looking.
func TestExisting(t *testing.T) {
	port := free(t)
	launch(t, "web", at(port))
	w := watch(t, Options{})
	for _, h := range w.story(port, "opened identified") {
		if !h.Existing || h.Listener.Holders[0].PID == 0 {
			t.Errorf("%s: %s", h.kind(), h.Data)
		}
	}
	w.quiet(port, 300*time.Millisecond)
}
