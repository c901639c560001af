package deliver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// memory is a Log without a disk: numbers, idempotence, retention by count and gaps as a journal has them.
type memory struct {
	tail *tail.Tail

	mu      sync.Mutex
	epoch   string
	oldest  uint64
	newest  uint64
	entries []wire.Entry // from oldest on
	ids     map[string]uint64
	lost    map[uint64]bool // numbers that are damaged
	fail    error           // what publishing fails with
}

func newMemory(tailBytes int) *memory {
	return &memory{tail: tail.New(tailBytes, 0), epoch: "test0", oldest: 1, ids: map[string]uint64{}, lost: map[uint64]bool{}}
}

func (m *memory) Bounds() wire.Bounds {
	m.mu.Lock()
	defer m.mu.Unlock()
	return wire.Bounds{Epoch: m.epoch, Oldest: m.oldest, Newest: m.newest}
}

func (m *memory) Publish(p wire.Publication, done func(wire.Ack)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		done(wire.Ack{Err: m.fail})
		return
	}
	key := p.Source + "\x00" + p.ID
	if seq, known := m.ids[key]; known {
		done(wire.Ack{Cursor: rtevent.Cursor{Epoch: m.epoch, Seq: seq}, Duplicate: true})
		return
	}
	m.newest++
	at := rtevent.Cursor{Epoch: m.epoch, Seq: m.newest}
	m.ids[key] = m.newest
	line := wire.Stamp(p.Line, at)
	m.entries = append(m.entries, wire.Entry{Seq: m.newest, Topic: p.Topic, Stored: time.Now(), Line: line})
	m.tail.Append(tail.Line{Seq: m.newest, Topic: p.Topic, Bytes: line})
	done(wire.Ack{Cursor: at})
}

// trim forgets what comes before the number.
func (m *memory) trim(oldest uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = m.entries[oldest-m.oldest:]
	m.oldest = oldest
}

func (m *memory) Tail() *tail.Tail { return m.tail }

func (m *memory) Read(ctx context.Context, after uint64) iter.Seq2[wire.Entry, error] {
	return func(yield func(wire.Entry, error) bool) {
		for last := after; ctx.Err() == nil; {
			e, gap, ok := m.next(last)
			if !ok || gap != nil && !yield(wire.Entry{}, gap) || !yield(e, nil) {
				return
			}
			last = e.Seq
		}
	}
}

func (m *memory) next(after uint64) (e wire.Entry, gap *wire.Gap, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seq, reason := after+1, "damaged"
	if seq < m.oldest {
		seq, reason = m.oldest, "trimmed"
	}
	for m.lost[seq] {
		seq++
	}
	if seq > m.newest {
		return e, nil, false
	}
	if seq != after+1 {
		gap = &wire.Gap{After: after, Before: seq, Reason: reason}
	}
	return m.entries[seq-m.oldest], gap, true
}

func (m *memory) State(_ context.Context, match func(string) bool) (uint64, iter.Seq2[wire.Entry, error]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := map[string]uint64{}
	for _, e := range m.entries {
		last[e.Topic] = e.Seq
	}
	entries := m.entries
	return m.newest, func(yield func(wire.Entry, error) bool) {
		for _, e := range entries {
			if last[e.Topic] == e.Seq && match(e.Topic) && !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) After(_ context.Context, t time.Time) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.entries {
		if !e.Stored.Before(t) {
			return e.Seq - 1, nil
		}
	}
	return m.newest, nil
}

// event is a line to publish, of about 300 bytes.
func event(n int, topic string) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"test.event","source":"//lab","id":"%d","topic":"%s","data":{"n":%d,"pad":"%s"}}`, n, topic, n, strings.Repeat("x", 180))
}

func (m *memory) fill(t *testing.T, from, to int, topic func(n int) string) {
	t.Helper()
	for n := from; n <= to; n++ {
		p, fault := wire.ReadEvent([]byte(event(n, topic(n))))
		if fault != nil {
			t.Error(fault)
			return
		}
		m.Publish(p, func(wire.Ack) {})
	}
}

// start runs a server on loopback until the test ends, and returns its address.
func start(t *testing.T, o Options) string {
	t.Helper()
	if o.Log == nil {
		o.Log = newMemory(8 << 20)
	}
	if o.Limits.Greeting == 0 {
		o.Limits.Greeting = 100 * time.Millisecond
	}
	o.Software, o.Node, o.Durable = "rtevent/test", "lab", "memory"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	run(t, o, Listener{Listener: l})
	return l.Addr().String()
}

// run runs a server until the test ends or the returned function is called.
func run(t *testing.T, o Options, l ...Listener) (stop func()) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l...) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("the server ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// caller is a client as plain as netcat.
type caller struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, address string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{t, conn, bufio.NewReaderSize(conn, 256<<10)}
}

func (c *caller) say(lines ...string) {
	c.t.Helper()
	if _, err := c.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		c.t.Fatal(err)
	}
}

// line reads one, with a deadline, and as JSON.
func (c *caller) line() map[string]any {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	text, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("read a line: %v (after %q)", err, text)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		c.t.Fatalf("%q: %v", text, err)
	}
	return m
}

// word reads a line that must be that control word.
func (c *caller) word(rt string) map[string]any {
	c.t.Helper()
	m := c.line()
	if m["rt"] != rt {
		c.t.Fatalf("got %v, want the word %s", m, rt)
	}
	return m
}

// fault reads a line that must be an error of the code.
func (c *caller) fault(code int) map[string]any {
	c.t.Helper()
	m := c.word("error")
	if m["code"] != float64(code) {
		c.t.Fatalf("got %v, want the code %d", m, code)
	}
	return m
}

// events reads that many events, and nothing else in between but marks, and returns their numbers in the data.
func (c *caller) events(count int) (ns []int) {
	c.t.Helper()
	for len(ns) < count {
		m := c.line()
		if m["rt"] == "mark" {
			continue
		}
		data, ok := m["data"].(map[string]any)
		if !ok {
			c.t.Fatalf("got %v, want an event", m)
		}
		ns = append(ns, int(data["n"].(float64)))
	}
	return ns
}

// ended reads until the server has closed.
func (c *caller) ended() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if rest, err := c.r.ReadString('\n'); err == nil {
		c.t.Fatalf("got %q, want the end", rest)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		c.t.Fatal("the server did not close")
	}
}

func one(topic string) func(int) string { return func(int) string { return topic } }
