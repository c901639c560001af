package deliver

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent/internal/wire"
)

// undisturbed follows the server's events while an attack goes on: each must arrive in good time.
func undisturbed(t *testing.T, m *memory, address string) (check func()) {
	t.Helper()
	c := dial(t, address)
	c.say(`{"rt":"sub","topics":["pulse"]}`)
	c.word("ready")
	c.word("ok")
	c.word("live")
	return func() {
		t.Helper()
		n := int(m.Bounds().Newest) + 1
		began := time.Now()
		m.fill(t, n, n, one("pulse"))
		if got := c.events(1); got[0] != n {
			t.Errorf("another client is sent %d, want %d", got[0], n)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("another client waited %v", took)
		}
	}
}

// memoryInUse is what the heap and the stacks hold.
func memoryInUse() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapInuse + s.StackInuse)
}

// TestSilentThousand connects a thousand times and says nothing: they are greeted, and sent away.
func TestSilentThousand(t *testing.T) {
	m := newMemory(2 << 20)
	address := start(t, Options{Log: m, Limits: Limits{Silence: 500 * time.Millisecond}})
	check := undisturbed(t, m, address)
	before := memoryInUse()
	conns := make([]net.Conn, 1000)
	for i := range conns {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	check()
	if each := (memoryInUse() - before) / 1000; each > 20<<10 {
		t.Errorf("each costs %d bytes", each)
	}
	for _, conn := range conns {
		c := &caller{t, conn, bufio.NewReader(conn)}
		c.word("ready")
		c.fault(408)
		c.ended()
	}
	check()
}

// TestLimits holds the bounds on connections: in all, and from one address.
func TestLimits(t *testing.T) {
	address := start(t, Options{Limits: Limits{Connections: 3}})
	refused := 0
	for range 10 {
		if c := dial(t, address); c.line()["code"] == 503.0 {
			refused++
			c.ended()
		}
	}
	if refused < 7 {
		t.Errorf("%d of 10 connections are refused, where 3 are allowed", refused)
	}
	g := newGate(Limits{Connections: 100, PerAddress: 2})
	outside := addressOf(&net.TCPAddr{IP: net.ParseIP("2001:db8::1")})
	for i := range 3 {
		if fault := g.enter(outside); (fault != nil) != (i == 2) {
			t.Errorf("connection %d: %v", i, fault)
		}
		outside = outside.Next() // of the same /64
	}
}

// TestBadLines says what is no line of rt-event: each is refused with its code, and the connection goes on.
func TestBadLines(t *testing.T) {
	m := newMemory(2 << 20)
	address := start(t, Options{Log: m})
	check := undisturbed(t, m, address)
	c := dial(t, address)
	c.say("")
	c.word("ready")
	for _, line := range []string{
		"hello", "{", "[]", "{}", `{"rt":"sub","specversion":"1.0"}`, "{\"rt\":\"p\x00ing\"}", "\x00\x00\x00", "\xff\xfe",
		`{"rt":"sub","rt":"ping"}`, `{"rt":"sub","topics":["a"],"topics":["b"]}`, `{"rt":"ping"} {"rt":"ping"}`,
		strings.Repeat("[", 60_000), `{"rt":"sub","x":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "}",
		"{\"rt\":\"ping\",\"x\":\"\x1b[2J\"}", `{"rt":"ping","x":"\ud800"}`,
	} {
		c.say(line)
		f := c.fault(400)
		if text := fmt.Sprint(f["text"]); strings.ContainsAny(text, "\x00\x1b") {
			t.Errorf("the error shows %q", text)
		}
	}
	c.say(strings.Replace(event(1, "a"), `"data"`, `"id":"2","data"`, 1))
	c.fault(400)
	c.say(strings.Replace(event(1, "a"), `"id":"1"`, `"id":"\u0000"`, 1))
	c.fault(422)
	c.say(`{"rt":"ping"}`)
	c.word("pong")
	check()
}

// TestHundredMegabytes sends a line that does not end.
func TestHundredMegabytes(t *testing.T) {
	m := newMemory(2 << 20)
	address := start(t, Options{Log: m})
	check := undisturbed(t, m, address)
	c := dial(t, address)
	before := memoryInUse()
	var sending sync.WaitGroup
	sending.Go(func() {
		chunk := []byte(strings.Repeat("x", 1<<20))
		_, _ = c.Write([]byte(`{"rt":"sub","x":"`))
		for range 100 {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	})
	c.word("ready")
	c.fault(413)
	if grown := memoryInUse() - before; grown > 8<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
	check()
	c.Close()
	sending.Wait()
}

// TestHalfALine begins words and does not end them.
func TestHalfALine(t *testing.T) {
	address := start(t, Options{Limits: Limits{Speak: 200 * time.Millisecond}})
	for _, words := range []string{`{"rt":"su`, "{\"rt\":\"ping\"}\n{\"rt\":"} {
		c := dial(t, address)
		if _, err := c.Write([]byte(words)); err != nil {
			t.Fatal(err)
		}
		c.word("ready")
		if strings.Contains(words, "ping") {
			c.word("pong")
		}
		c.fault(408)
		c.ended()
	}
	for _, words := range []string{"GE", "\x16"} {
		c := dial(t, address)
		if _, err := c.Write([]byte(words)); err != nil {
			t.Fatal(err)
		}
		c.fault(408)
		c.ended()
	}
	c := dial(t, address)
	c.say("SSH-2.0-x")
	c.fault(400)
	c.ended()
	dribble := dial(t, address)
	if _, err := dribble.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nX: ")); err != nil {
		t.Fatal(err)
	}
	dribble.ended()
}

// TestStopsReading lets subscribers of every dialect stop reading: they are dropped, and nobody waits for them.
func TestStopsReading(t *testing.T) {
	m := newMemory(4 << 20)
	address := start(t, Options{Log: m, Limits: Limits{Stall: 500 * time.Millisecond}})
	before := memoryInUse()
	check := undisturbed(t, m, address)
	for i := range 60 {
		c := dial(t, address)
		_ = c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		switch i % 3 {
		case 0:
			c.say(`{"rt":"sub","from":"oldest"}`)
		case 1:
			c.say(`{"rt":"sub","from":"oldest","topics":["flood","x"]}`)
		case 2:
			c.say("GET /events?from=oldest HTTP/1.1\r\nHost: localhost\r\n\r")
		}
	}
	time.Sleep(100 * time.Millisecond)
	n := int(m.Bounds().Newest)
	for range 10 {
		m.fill(t, n+1, n+4_000, one("flood")) // 12 MB in all
		n += 4_000
	}
	m.mu.Lock()
	kept := int64(len(m.entries)) * 500 // what the journal of the test holds itself
	m.mu.Unlock()
	if grown := memoryInUse() - before - kept; grown > 60<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	check()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if gone := metricOf(t, address, "rtevent_open_connections"); gone == "2" || gone == "1" {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%s connections are still open", gone)
		}
	}
	check()
}

func metricOf(t *testing.T, address, name string) string {
	t.Helper()
	for line := range strings.SplitSeq(body(t, get(t, "http://"+address+"/metrics", "Connection", "close")), "\n") {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return value
		}
	}
	t.Fatalf("no metric %s", name)
	return ""
}

// TestSlowHandshake begins TLS and does not go on.
func TestSlowHandshake(t *testing.T) {
	dir := t.TempDir()
	authority(t, dir, time.Hour)
	writeTokens(t, dir, "# none")
	m := newMemory(2 << 20)
	plain, secure, _, _ := secureServer(t, dir, m, nil)
	check := undisturbed(t, m, plain)
	for _, address := range []string{plain, secure} {
		for _, words := range []string{"\x16\x03\x01", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"} {
			c := dial(t, address)
			if _, err := c.Write([]byte(words)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			c.ended()
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%q on %s: closed after %v", words, address, took)
			}
		}
	}
	check()
	silent := dial(t, secure)
	silent.ended()
}

// TestSmuggling asks in ways that two readers of HTTP may understand differently: each is refused, or read as one request
// whose rest is not taken for another.
func TestSmuggling(t *testing.T) {
	m := newMemory(2 << 20)
	address := start(t, Options{Log: m})
	inner := "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n%s"
	smuggled := fmt.Sprintf(inner, len(event(666, "smuggled")), event(666, "smuggled"))
	for name, request := range map[string]string{
		"two lengths":          "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
		"length and chunks":    "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled),
		"chunks, misspelt":     "POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
		"chunks, twice":        "POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
		"a space before ':'":   "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length : 5\r\n\r\n",
		"a folded header":      "POST /events HTTP/1.1\r\nHost: localhost\r\nX: a\r\n Content-Length: 5\r\n\r\n",
		"two hosts":            "GET /events HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
		"no host":              "GET /events HTTP/1.1\r\n\r\n",
		"a length with a sign": "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\n",
		"NUL in a header":      "GET /events HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
		"a method unknown":     "POSTX /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"huge header":          "GET /events HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
	} {
		c := dial(t, address)
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		go func() { _, _ = c.Write([]byte(request)) }()
		status, err := c.r.ReadString('\n')
		if err != nil {
			continue // closed: refused without a word
		}
		if !strings.HasPrefix(status, "HTTP/1.1 4") && !strings.HasPrefix(status, "HTTP/1.1 5") {
			t.Errorf("%s: %s", name, status)
		}
		c.Close()
	}
	if n := m.Bounds().Newest; n != 0 {
		t.Errorf("%d events were smuggled in", n)
	}
}

// TestHalfOpen cuts a subscriber's connection without a word: its place is given up.
func TestHalfOpen(t *testing.T) {
	m := newMemory(2 << 20)
	address := start(t, Options{Log: m})
	c := dial(t, address)
	c.say(`{"rt":"sub","mark":1}`)
	c.word("ready")
	c.word("ok")
	c.word("live")
	_ = c.Conn.(*net.TCPConn).SetLinger(0)
	c.Close() // with a reset, as a host does that was restarted
	for deadline := time.Now().Add(10 * time.Second); metricOf(t, address, "rtevent_subscribers") != "0"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the subscriber that is gone is still counted")
		}
	}
}

// FuzzTalk holds that nothing that is said to the server breaks it, and that all it answers is lines of JSON.
func FuzzTalk(f *testing.F) {
	f.Add([]byte(`{"rt":"sub","topics":["a.>"],"from":"oldest","mark":1}` + "\n" + `{"rt":"bye"}` + "\n"))
	f.Add([]byte(event(1, "a") + "\n" + `{"rt":"ping","n":1}`))
	f.Add([]byte(`{"rt":"auth","token":"x"}` + "\n{}\n[\n"))
	m := newMemory(1 << 20)
	s, err := New(Options{Log: m, Limits: Limits{Greeting: time.Second, Stall: time.Second}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, words []byte) {
		if d := dialectOf(words[:min(len(words), 64)]); d == dialectHTTP || d == dialectTLS {
			return
		}
		here, there := net.Pipe()
		defer here.Close()
		var serving sync.WaitGroup
		serving.Go(func() {
			c := &counted{Conn: there, peer: peer{local: true, plain: true}, left: func() {}}
			s.serve(t.Context(), c, false)
			c.Close()
		})
		go func() {
			_, _ = here.Write(append(words, "\n{\"rt\":\"bye\"}\n"...))
		}()
		lines := bufio.NewScanner(here)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if _, fault := wire.Kind(lines.Bytes()); fault != nil {
				t.Fatalf("the server says %q: %v", lines.Text(), fault)
			}
		}
		here.Close()
		serving.Wait()
	})
}

// FuzzAccess holds that a file of tokens is read or refused, and never shown.
func FuzzAccess(f *testing.F) {
	f.Add("alice sha256:" + strings.Repeat("ab", 32) + " subscribe=a.> publish=b")
	f.Add("x cert:y subscribe=>\n# z\nlocal loopback publish=>")
	f.Fuzz(func(t *testing.T, text string) {
		known, err := parseAccess([]byte(text))
		if err != nil {
			if strings.Contains(err.Error(), strings.Repeat("ab", 20)) {
				t.Fatalf("the error shows a credential: %v", err)
			}
			return
		}
		if rights, fault := known.byToken("x"); fault == nil {
			t.Fatalf("an unknown token may %v", rights)
		}
	})
}
