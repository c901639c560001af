package identify_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rtevent"
	"rtevent/internal/identify"
)

// TestCaps asks many silent ports at once and holds how many connections that takes at one time: over all, and to the
// ports of one process.
func TestCaps(t *testing.T) {
	for name, c := range map[string]struct {
		connections int
		ports       int
		sameProcess bool
		most        int32
	}{
		"over all":                  {connections: 12, ports: 40, most: 12},
		"fewer than one port takes": {connections: 2, ports: 10, most: 2},
		"one":                       {connections: 1, ports: 3, most: 1},
		"of one process":            {connections: 96, ports: 10, sameProcess: true, most: 12},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asker := identify.New(identify.Options{Connections: c.connections})
				var open, most atomic.Int32
				var asks sync.WaitGroup
				for i := range c.ports {
					target := piped(t, silent)
					count(&target, &open, &most)
					if c.sameProcess {
						target.Listener.Holders = []rtevent.Owner{{PID: 4711}, {PID: 4712 + i}}
					}
					asks.Go(func() {
						if f := asker.Ask(t.Context(), target); f.Behaviour != rtevent.Silent {
							t.Errorf("got %q", f.Behaviour)
						}
					})
				}
				asks.Wait()
				if n := most.Load(); n > c.most || n == 0 {
					t.Errorf("%d connections at once, want at most %d", n, c.most)
				}
				if n := open.Load(); n != 0 {
					t.Errorf("%d connections left open", n)
				}
			})
		})
	}
}

// count counts the connections of a target while they are open.
func count(target *identify.Target, open, most *atomic.Int32) {
	dial := target.Dial
	target.Dial = func(ctx context.Context, network string) (net.Conn, error) {
		conn, err := dial(ctx, network)
		if err == nil {
			most.Store(max(most.Load(), open.Add(1)))
			conn = &counted{Conn: conn, open: open}
		}
		return conn, err
	}
}

type counted struct {
	net.Conn
	open   *atomic.Int32
	closed sync.Once
}

func (c *counted) Close() error {
	c.closed.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// TestWaitingForTurn ends the context of who waits for a turn.
func TestWaitingForTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asker := identify.New(identify.Options{Connections: 1})
		first := piped(t, silent)
		var asks sync.WaitGroup
		asks.Go(func() { asker.Ask(t.Context(), first) })
		synctest.Wait()
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer stop()
		if f := asker.Ask(ctx, piped(t, silent)); f.NotAsked == "" || f.Connections != 0 {
			t.Errorf("got %+v", f)
		}
		asks.Wait()
	})
}

// FuzzPeer asks peers that greet and answer with whatever the fuzzer makes up: no name, text or number of connections
// may get out of bounds, and nothing may panic.
func FuzzPeer(f *testing.F) {
	f.Add("", "", byte(0))
	f.Add("SSH-2.0-OpenSSH_9.2p1\r\n", "", byte(0))
	f.Add("220 mail ESMTP\r\n", "502 \x1b[2J\r\n", byte(1))
	f.Add("", "HTTP/1.1 400 Bad Request\r\n\r\nTLS", byte(1))
	f.Add("", "\x15\x03\x01\x00\x02\x02\x46", byte(1))
	f.Add("", "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", byte(0))
	f.Add("\x00\x01\x02", strings.Repeat("A", 5000), byte(2))
	f.Fuzz(func(t *testing.T, greeting, answer string, manner byte) {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			finding := identify.New(identify.Options{}).Ask(t.Context(), piped(t, madeUp(greeting, answer, manner)))
			if took := time.Since(begun); took > 6*time.Second {
				t.Errorf("took %v", took)
			}
			if finding.Connections > 24 || len(finding.Evidence) > 10 {
				t.Errorf("%d connections, %d pieces of evidence", finding.Connections, len(finding.Evidence))
			}
			printable(t, finding)
		})
	})
}

// madeUp is a peer that greets and answers so; its manner says whether it hangs up after the greeting, after an answer, or
// never, and whether it answers more than once.
func madeUp(greeting, answer string, manner byte) peer {
	return func(conn net.Conn) {
		if greeting != "" {
			conn.Write([]byte(greeting))
		}
		if manner&1 != 0 && answer == "" {
			return
		}
		buf := make([]byte, 4<<10)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			if _, err := conn.Write([]byte(answer)); err != nil || manner&1 != 0 {
				return
			}
			if manner&2 != 0 {
				answer += "."
			}
		}
	}
}
