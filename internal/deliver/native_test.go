package deliver

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent/internal/wire"
)

func TestConversation(t *testing.T) {
	c := dial(t, start(t, Options{}))
	c.say(`{"rt":"sub","topics":["doors.>"]}`)
	ready := c.word("ready")
	if ready["protocol"] != "rt-event/1" || ready["epoch"] != "test0" || ready["max"] != 65536.0 || ready["durable"] != "memory" {
		t.Errorf("the greeting is %v", ready)
	}
	if at := c.word("ok")["at"]; at != "test0.0" {
		t.Errorf("ok at %v", at)
	}
	c.word("live")
	c.say(`{"rt":"ping","n":7}`, `{"rt":"help"}`, `{"rt":"dance"}`, `{"rt":"sub"}`, `hello`, ``, `{"rt":"hello","client":"test/1"}`)
	if n := c.word("pong")["n"]; n != 7.0 {
		t.Errorf("pong %v", n)
	}
	c.word("help")
	c.fault(404)
	c.fault(409)
	c.fault(400)
	c.word("ok")

	d := dial(t, c.RemoteAddr().String())
	d.say(event(1, "doors.lab"), event(1, "doors.lab"), event(2, "windows.lab"), event(3, "doors.hall"))
	d.word("ready")
	for i, want := range []string{"test0.1", "test0.1", "test0.2", "test0.3"} {
		ack := d.word("ack")
		if ack["at"] != want || (ack["duplicate"] == true) != (i == 1) || ack["source"] != "//lab" {
			t.Errorf("ack %d is %v", i, ack)
		}
	}
	if got := c.events(2); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("got %v", got)
	}
	c.say(`{"rt":"bye"}`)
	if bye := c.word("bye"); bye["at"] != "test0.3" {
		t.Errorf("bye %v", bye)
	}
	c.ended()
}

func TestGreetsTheSilent(t *testing.T) {
	address := start(t, Options{Limits: Limits{Silence: 300 * time.Millisecond}})
	c := dial(t, address)
	c.word("ready")
	c.fault(408)
	c.ended()
}

// TestStarts holds every way to begin, each exact or refused in words.
func TestStarts(t *testing.T) {
	m := newMemory(2 << 20)
	m.fill(t, 1, 10, one("a"))
	time.Sleep(10 * time.Millisecond)
	middle := time.Now().UTC().Format(time.RFC3339Nano)
	m.fill(t, 11, 20, func(n int) string { return []string{"a", "b"}[n%2] })
	m.trim(5)
	address := start(t, Options{Log: m})
	for from, want := range map[string]struct{ first, count int }{
		"oldest":   {5, 16},
		"test0.17": {18, 3},
		"test0.4":  {5, 16},
		middle:     {11, 10},
		"state":    {19, 2},
		"live":     {21, 0},
		"test0.20": {21, 0},
	} {
		c := dial(t, address)
		c.say(`{"rt":"sub","from":"` + from + `"}`)
		c.word("ready")
		c.word("ok")
		var got []int
		for m := c.line(); m["rt"] != "live"; m = c.line() {
			got = append(got, int(m["data"].(map[string]any)["n"].(float64)))
		}
		if len(got) != want.count || len(got) > 0 && (got[0] != want.first || got[len(got)-1] != 20 || !slices.IsSorted(got)) {
			t.Errorf("from %s: got %v, want %d from %d", from, got, want.count, want.first)
		}
	}
	c := dial(t, address)
	c.say("")
	c.word("ready")
	for from, reason := range map[string]string{"other.5": "epoch", "test0.21": "future", "test0.3": "trimmed"} {
		c.say(`{"rt":"sub","from":"` + from + `"}`)
		if r := c.word("reset"); r["reason"] != reason || r["oldest"] != "test0.5" || r["newest"] != "test0.20" {
			t.Errorf("from %s: %v", from, r)
		}
	}
	c.say(`{"rt":"sub","topics":["a..b"]}`)
	c.fault(423)
	c.say(`{"rt":"sub","topics":[` + strings.Repeat(`"a",`, 64) + `"a"]}`)
	c.fault(431)
	c.say(`{"rt":"sub","topics":["b"],"types":["test.event"],"from":"oldest"}`)
	c.word("ok")
	if got := c.events(5); !slices.Equal(got, []int{11, 13, 15, 17, 19}) {
		t.Errorf("after the resets got %v", got)
	}
}

// TestSlowSubscriber lets one stop reading while the tail is passed many times: it is sent everything all the same, from
// the journal, and the others are not held up.
func TestSlowSubscriber(t *testing.T) {
	const count = 40_000 // 12 MB: more than the tail and the socket's buffers
	m := newMemory(2 << 20)
	address := start(t, Options{Log: m})
	slow, fast := dial(t, address), dial(t, address)
	_ = slow.Conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	for _, c := range []*caller{slow, fast} {
		c.say(`{"rt":"sub"}`)
		c.word("ready")
		c.word("ok")
		c.word("live")
	}
	var filling sync.WaitGroup
	filling.Go(func() { m.fill(t, 1, count, one("a")) })
	defer filling.Wait()
	began := time.Now()
	got := fast.events(count)
	t.Logf("the fast one read %d events in %v", len(got), time.Since(began))
	time.Sleep(2500 * time.Millisecond) // beyond the patience of a direct write
	for i, n := range slow.events(count) {
		if n != i+1 {
			t.Fatalf("event %d is number %d", i+1, n)
		}
	}
}

func TestGap(t *testing.T) {
	m := newMemory(2 << 20)
	m.fill(t, 1, 9_000, one("a")) // more than the tail
	m.lost[100], m.lost[101] = true, true
	c := dial(t, start(t, Options{Log: m}))
	c.say(`{"rt":"sub","from":"oldest"}`)
	c.word("ready")
	c.word("ok")
	c.events(99)
	if g := c.word("gap"); g["after"] != "test0.99" || g["before"] != "test0.102" || g["count"] != 2.0 || g["reason"] != "damaged" {
		t.Errorf("the gap is %v", g)
	}
	if got := c.events(1); got[0] != 102 {
		t.Errorf("after the gap: %v", got)
	}
}

func TestMarks(t *testing.T) {
	m := newMemory(2 << 20)
	c := dial(t, start(t, Options{Log: m}))
	c.say(`{"rt":"sub","topics":["nothing"],"mark":1}`)
	c.word("ready")
	c.word("ok")
	c.word("live")
	m.fill(t, 1, 5, one("a"))
	if mark := c.word("mark"); mark["at"] != "test0.5" {
		t.Errorf("the mark is %v: nothing matched, and still it must move on", mark)
	}
}

// TestDrain holds that whoever is there when the server goes is told, with the cursor.
func TestDrain(t *testing.T) {
	m := newMemory(2 << 20)
	m.fill(t, 1, 3, one("a"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, Options{Log: m}, Listener{Listener: l})
	subscriber, idle := dial(t, l.Addr().String()), dial(t, l.Addr().String())
	subscriber.say(`{"rt":"sub"}`)
	subscriber.word("ready")
	subscriber.word("ok")
	subscriber.word("live")
	idle.say(`{"rt":"ping"}`)
	idle.word("ready")
	idle.word("pong")
	began := time.Now()
	go stop()
	if bye := subscriber.word("bye"); bye["at"] != "test0.3" || bye["name"] != "draining" || bye["retry"] != "yes" {
		t.Errorf("bye %v", bye)
	}
	subscriber.Close()
	idle.word("bye")
	idle.Close()
	stop()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("draining took %v", took)
	}
}

func TestErrorsOfTheJournal(t *testing.T) {
	m := newMemory(2 << 20)
	c := dial(t, start(t, Options{Log: m}))
	c.say("")
	c.word("ready")
	for err, code := range map[error]int{wire.ErrFull: 507, wire.ErrUnavailable: 503, net.ErrClosed: 500} {
		m.mu.Lock()
		m.fail = err
		m.mu.Unlock()
		c.say(event(1, "a"))
		if f := c.fault(code); f["id"] != "1" || f["source"] != "//lab" {
			t.Errorf("the error names %v", f)
		}
	}
	c.say(event(1, "listener.lab.tcp.1"))
	c.fault(403)
}

// TestHalfClosed is `printf ... | nc -N`: what was asked for still comes.
func TestHalfClosed(t *testing.T) {
	m := newMemory(2 << 20)
	m.fill(t, 1, 3, one("a"))
	c := dial(t, start(t, Options{Log: m}))
	c.say(`{"rt":"sub","from":"oldest"}`, event(4, "a"))
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	c.word("ready")
	c.word("ok")
	seen := map[any]int{}
	for range 6 {
		seen[c.line()["rt"]]++
	}
	if seen[nil] != 4 || seen["ack"] != 1 || seen["live"] != 1 {
		t.Errorf("got %v", seen)
	}
}
