package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rtevent"
	"rtevent/internal/deliver"
	"rtevent/internal/journal"
	"rtevent/internal/wire"
)

// watches CODE LINES ARGUMENT...: runs `rtevent watch` until it has printed so many lines or ten seconds have passed,
// interrupts it, and holds its exit code. What it printed is the next standard output.
func watches(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: watches CODE LINES ARGUMENT...")
	}
	lines, err := strconv.Atoi(args[1])
	ts.Check(err)
	program, err := exec.LookPath("rtevent")
	ts.Check(err)
	c := exec.Command(program, append([]string{"watch"}, args[2:]...)...)
	c.Dir = ts.Getenv("WORK")
	out, err := c.StdoutPipe()
	ts.Check(err)
	var complaints strings.Builder
	c.Stderr = &complaints
	ts.Check(c.Start())
	timer := time.AfterFunc(10*time.Second, func() { c.Process.Signal(os.Interrupt) })
	defer timer.Stop()
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<20)
	for n := 0; scanner.Scan(); {
		ts.Stdout().Write(append(scanner.Bytes(), '\n'))
		if n++; n == lines {
			c.Process.Signal(os.Interrupt)
		}
	}
	code := "0"
	if err := c.Wait(); err != nil {
		code = exitStatus(err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s: %s", code, args[0], &complaints)
	}
}

// eventsOf starts `rtevent watch --json` with these arguments, as another user if there is one, and hands over what it
// prints.
func eventsOf(t *testing.T, as *syscall.Credential, args ...string) <-chan rtevent.Event {
	t.Helper()
	// A copy under the command's name: others may not enter where testscript has it.
	dir, err := os.MkdirTemp("", "rtevent-watch-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	text, err := os.ReadFile("/proc/self/exe")
	program := filepath.Join(dir, "rtevent")
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.WriteFile(program, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, append([]string{"watch", "--json"}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
	events := make(chan rtevent.Event, 1000)
	go func() {
		defer close(events)
		scanner := bufio.NewScanner(out)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			var e rtevent.Event
			if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
				t.Error(err)
			}
			events <- e
		}
	}()
	return events
}

func next(t *testing.T, events <-chan rtevent.Event) rtevent.Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(30 * time.Second):
		t.Fatal("no event came")
		return rtevent.Event{}
	}
}

// serveJournal runs a real rt-event server and returns its address, and what puts an event about a listener into its
// journal, as the daemon does: clients may not.
func serveJournal(t *testing.T) (address string, publish func(kind string, port uint16)) {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: t.TempDir(), Durability: journal.Process, FreeBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	d, err := deliver.New(deliver.Options{Log: j, Software: "test", Node: "far", Durable: string(journal.Process)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving, stopServing := context.WithCancel(context.Background())
	keeping, stopKeeping := context.WithCancel(context.Background())
	served, kept := make(chan error, 1), make(chan error, 1)
	go func() { kept <- j.Run(keeping) }()
	go func() { served <- d.Run(serving, deliver.Listener{Listener: l}) }()
	t.Cleanup(func() { // the journal outlives the server that uses it
		stopServing()
		<-served
		stopKeeping()
		<-kept
	})
	return l.Addr().String(), func(kind string, port uint16) {
		t.Helper()
		listener := rtevent.Listener{Host: "far", Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: port,
			Scope: rtevent.Loopback, Holders: []rtevent.Owner{{PID: 7, Name: "agent"}}}
		data, _ := json.Marshal(rtevent.ListenerChange{Listener: &listener})
		e := rtevent.Event{ID: kind + strconv.Itoa(int(port)), Source: "//far", Type: kind, Topic: listener.Topic(), Time: time.Now(), Data: data}
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		stored := make(chan wire.Ack, 1)
		j.Publish(wire.Publication{Topic: e.Topic, Source: e.Source, ID: e.ID, Line: line}, func(a wire.Ack) { stored <- a })
		if a := <-stored; a.Err != nil {
			t.Fatal(a.Err)
		}
	}
}

// TestWatchServer watches a real rt-event server: its state, what happens then, and what happened since.
func TestWatchServer(t *testing.T) {
	address, publish := serveJournal(t)
	publish(rtevent.ListenerOpened, 80)
	publish(rtevent.ListenerOpened, 81)
	publish(rtevent.ListenerClosed, 81)

	state := eventsOf(t, nil, "--server", address)
	if e := next(t, state); e.ID != rtevent.ListenerOpened+"80" || e.Cursor.IsZero() {
		t.Errorf("the state begins with %+v", e)
	}
	since := eventsOf(t, nil, "--server", address, "--since", "1h", "--port", "81")
	for _, want := range []string{rtevent.ListenerOpened, rtevent.ListenerClosed} {
		if e := next(t, since); e.Type != want {
			t.Errorf("since then: %+v, want %s", e, want)
		}
	}
	publish(rtevent.ListenerClosed, 80)
	if e := next(t, state); e.ID != rtevent.ListenerClosed+"80" {
		t.Errorf("after the state came %+v", e)
	}
}

// TestWatchAsNobody watches as a user without any rights: it sees what opens and closes, and says what it cannot see.
func TestWatchAsNobody(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	address := unused(t)
	_, port, _ := net.SplitHostPort(address)
	events := eventsOf(t, &syscall.Credential{Uid: 65534, Gid: 65534}, "--port", port)
	if gap := next(t, events); gap.Type != rtevent.ListenerGap {
		t.Errorf("first came %+v, want what cannot be seen", gap)
	}
	l := listen(t, address)
	for _, want := range []string{rtevent.ListenerOpened, rtevent.ListenerIdentified} {
		for e := next(t, events); e.Type != want; e = next(t, events) {
			if e.Type != rtevent.ListenerGap {
				t.Fatalf("came %+v, want %s", e, want)
			}
		}
	}
	l.Close()
	if e := next(t, events); e.Type != rtevent.ListenerClosed {
		t.Errorf("came %+v", e)
	}
}
