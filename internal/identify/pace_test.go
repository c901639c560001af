package identify_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rtevent"
	"rtevent/internal/identify"
)

// These tests run on synthetic time: what they hold is exact, however busy the machine is.

// TestSilence holds how soon a peer is known to be silent, which is the first promise of the whole program.
func TestSilence(t *testing.T) {
	for name, c := range map[string]struct {
		peer   peer
		within time.Duration
	}{
		"silent":           {silent, time.Second},
		"tls, then silent": {inTLS(certified(t, "a.example"), silent), time.Second},
		"dribbles":         {dribbles, time.Second},
		"unknown banner":   {greets("rt-thing 0.3 ready\r\n"), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				f := identify.New(identify.Options{}).Ask(t.Context(), piped(t, c.peer))
				if took := time.Since(begun); took > c.within || f.TookMS > c.within.Milliseconds() {
					t.Errorf("took %v, says %d ms, want at most %v (%v)", took, f.TookMS, c.within, f.Tried)
				}
				if f.Connections > 6 {
					t.Errorf("%d connections: %v", f.Connections, f.Tried)
				}
			})
		})
	}
}

// TestCost holds what is asked of peers that answer, in which order, and that no other connection was opened.
func TestCost(t *testing.T) {
	const ssh, web = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "HTTP/1.1 200 OK\r\nServer: widget/1.2\r\n\r\n"
	for name, c := range map[string]struct {
		peer  peer
		owner rtevent.Owner
		port  uint16
		tried string
	}{
		"ssh":                      {peer: greets(ssh), tried: "[wait]"},
		"ssh, slow":                {peer: greetsAfter(200*time.Millisecond, ssh), tried: "[wait http tls line domain smb]"},
		"ssh, slow, owner":         {peer: greetsAfter(100*time.Millisecond, ssh), owner: rtevent.Owner{Exe: "/usr/sbin/sshd"}, tried: "[wait]"},
		"ssh, slow, usual port":    {peer: greetsAfter(100*time.Millisecond, ssh), port: 22, tried: "[wait]"},
		"http":                     {peer: always(web), tried: "[wait http]"},
		"http, owner":              {peer: always(web), owner: rtevent.Owner{Exe: "/usr/sbin/nginx"}, tried: "[http]"},
		"http, unit":               {peer: always(web), owner: rtevent.Owner{Unit: "nginx.service"}, tried: "[http]"},
		"https, owner, usual port": {peer: inTLS(certified(t), always(web)), owner: rtevent.Owner{Exe: "/usr/sbin/nginx"}, port: 443, tried: "[tls]"},
		"https, usual port":        {peer: inTLS(certified(t), always(web)), port: 443, tried: "[tls]"},
		"https, owner":             {peer: inTLS(certified(t), always(web)), owner: rtevent.Owner{Exe: "/usr/sbin/nginx"}, tried: "[http tls]"},
		"unknown banner":           {peer: greets("rt-thing 0.3 ready\r\n"), tried: "[wait]"},
		"closes":                   {peer: closes, tried: "[wait http]"},
		"echo":                     {peer: echo, tried: "[wait http]"},
		"streams":                  {peer: streams, tried: "[wait]"},
		"json lines":               {peer: always("{\"error\":\"no\"}\n"), tried: "[wait http line]"},
		"a forwarder's other end":  {peer: greets(ssh), owner: rtevent.Owner{Exe: "/usr/sbin/nginx", ForwardsTo: "10.0.0.1:22"}, tried: "[wait]"},
		"an owner untrue":          {peer: greets(ssh), owner: rtevent.Owner{Exe: "/usr/sbin/nginx"}, tried: "[http]"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := piped(t, c.peer)
				if c.port != 0 {
					target.Listener.Port = c.port
				}
				target.Listener.Holders = []rtevent.Owner{c.owner}
				f := identify.New(identify.Options{}).Ask(t.Context(), target)
				if got := fmt.Sprint(f.Tried); got != c.tried || f.Connections != len(f.Tried) {
					t.Errorf("%d connections: %s, want %s", f.Connections, got, c.tried)
				}
			})
		})
	}
}

// TestSlowGreeting waits for who is expected to greet, and longer than for anybody else.
func TestSlowGreeting(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		owner rtevent.Owner
		known bool
	}{
		"nobody expected":   {500 * time.Millisecond, rtevent.Owner{}, true},
		"much too late":     {4 * time.Second, rtevent.Owner{Exe: "/usr/sbin/sshd"}, false},
		"owner looks it up": {2500 * time.Millisecond, rtevent.Owner{Exe: "/usr/sbin/sshd"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := piped(t, greetsAfter(c.after, "SSH-2.0-OpenSSH_9.2p1\r\n"))
				target.Listener.Holders = []rtevent.Owner{c.owner}
				f := identify.New(identify.Options{}).Ask(t.Context(), target)
				if f.Known() != c.known {
					t.Errorf("after %v: got %q by %v", c.after, f.Protocol, f.Tried)
				}
			})
		})
	}
}

// TestFewWords asks a server whose greeting could be anybody's: one who would answer it after the other does.
func TestFewWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := piped(t, dialogue("220 ready\r\n", "FEAT\r\n", "211-Features:\r\n PASV\r\n211 End\r\n"))
		f := identify.New(identify.Options{}).Ask(t.Context(), target)
		if f.Protocol != "ftp" || f.Connections > 6 {
			t.Errorf("got %q by %v", f.Protocol, f.Tried)
		}
	})
}

// TestGreetingOnTheWay asks a server that forks for its first caller, so that a later one hears the greeting first: the
// first connection is still the one to talk on.
func TestGreetingOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const greeting = "* OK [CAPABILITY IMAP4rev1 ID] ready\r\n"
		var connections atomic.Int32
		target := piped(t, func(conn net.Conn) {
			if connections.Add(1) == 1 {
				time.Sleep(200 * time.Millisecond)
			}
			dialogue(greeting, "", "")(conn)
		})
		f := identify.New(identify.Options{}).Ask(t.Context(), target)
		if f.Protocol != "imap" || connections.Load() > 2 || len(f.Evidence) == 0 || f.Evidence[0].Asked != "wait" {
			t.Errorf("got %q by %v: %+v", f.Protocol, f.Tried, f.Evidence)
		}
	})
}

// TestBusy asks servers that take their time: one that serves one connection at a time is not to be starved by the one
// that listens, and one that is slow is waited for where somebody points to it.
func TestBusy(t *testing.T) {
	const web = "HTTP/1.1 200 OK\r\nServer: widget/1.2\r\n\r\n"
	nginx := []rtevent.Owner{{Exe: "/usr/sbin/nginx"}}
	for name, c := range map[string]struct {
		peer    func() peer
		holders []rtevent.Owner
	}{
		"one at a time": {func() peer { return oneAtATime(slowly(0, web)) }, nil},
		"slow":          {func() peer { return slowly(300*time.Millisecond, web) }, nil},
		"slow, owner":   {func() peer { return slowly(2*time.Second, web) }, nginx},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := piped(t, c.peer())
				target.Listener.Holders = c.holders
				f := identify.New(identify.Options{}).Ask(t.Context(), target)
				if f.Protocol != "http" || f.Connections > 6 {
					t.Errorf("got %q, %v", f.Protocol, f.Tried)
				}
			})
		})
	}
}

// TestSlowLink asks over a link whose round trip takes a while: waiting adapts.
func TestSlowLink(t *testing.T) {
	const rtt = 200 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		target := piped(t, func(conn net.Conn) {
			conn.Read(make([]byte, 4<<10))
			time.Sleep(rtt)
			conn.Write([]byte("HTTP/1.1 200 OK\r\nServer: widget/1.2\r\n\r\n"))
		})
		near := target.Dial
		target.Dial = func(ctx context.Context, network string) (net.Conn, error) {
			time.Sleep(rtt)
			return near(ctx, network)
		}
		begun := time.Now()
		f := identify.New(identify.Options{}).Ask(t.Context(), target)
		if f.Protocol != "http" || f.Connections > 2 {
			t.Errorf("got %q with %v", f.Protocol, f.Tried)
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestTimeout holds that what the user sets is the whole budget.
func TestTimeout(t *testing.T) {
	for _, budget := range []time.Duration{200 * time.Millisecond, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			for name, p := range map[string]peer{"silent": silent, "dribbles": dribbles, "closes on data": closesOnData, "unopened": nil} {
				target := piped(t, p)
				if p == nil {
					target.Dial = func(ctx context.Context, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
				}
				begun := time.Now()
				f := identify.New(identify.Options{Timeout: budget}).Ask(t.Context(), target)
				if took := time.Since(begun); took > budget*11/10 {
					t.Errorf("%s: took %v of %v: %v", name, took, budget, f.Tried)
				}
				if p == nil && f.Behaviour != rtevent.Refuses {
					t.Errorf("%s: got %q", name, f.Behaviour)
				}
			}
		})
	}
}
