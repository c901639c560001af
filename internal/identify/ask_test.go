package identify_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/identify"
)

// TestOddPeers asks peers of no known protocol, and known ones that behave badly. None may get a name that it does not
// deserve, and none may cost more connections than it is worth.
func TestOddPeers(t *testing.T) {
	longBanner := strings.Repeat("\x1b]0;owned\a\x1b[2J\r\x00\u202e", 600_000) // 10 MB
	for name, c := range map[string]struct {
		peer        peer
		protocol    string
		behaviour   rtevent.Behaviour
		connections int    // at most, on a busy machine
		evidence    string // part of it, in words or seen
	}{
		"silent":           {silent, "", rtevent.Silent, 6, "said nothing"},
		"json lines":       {always(`{"error":"bad request"}` + "\n"), "", rtevent.AnswersEverything, 4, "bad request"},
		"binary":           {always("\x00\x00\x00\x08\x7f\x01\x00\x2a\x00\x00\x00\x01"), "", rtevent.AnswersEverything, 4, `\x7f`},
		"unknown banner":   {greets("rt-thing 0.3 ready\r\n"), "", rtevent.Answers, 2, "rt-thing"},
		"closes":           {closes, "", rtevent.Closes, 2, "closed the connection"},
		"closes on data":   {closesOnData, "", rtevent.ClosesOnData, 24, "the connection"},
		"resets":           {resets, "", rtevent.ClosesOnData, 24, "broke the connection"},
		"streams on data":  {streamsOnData, "", rtevent.Streams, 3, "more than 64 KiB"},
		"streams":          {streams, "", rtevent.Streams, 2, "more than 64 KiB"},
		"dribbles":         {dribbles, "", rtevent.Answers, 2, "x"},
		"escapes":          {greets(longBanner), "", rtevent.Streams, 2, `\x1b]0;owned`},
		"echo":             {echo, "echo", rtevent.Answers, 2, "returned what it was sent"},
		"tls, then silent": {inTLS(certified(t, "a.example"), silent), "tls", rtevent.Silent, 6, "said nothing"},
		"tls, then lines":  {inTLS(certified(t, "a.example"), always("ERR\n")), "tls", rtevent.AnswersEverything, 6, "ERR"},
		"tls, then closes": {inTLS(certified(t, "a.example"), closesOnData), "tls", rtevent.ClosesOnData, 24, "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.peer)
			var opened atomic.Int32 // by us: whoever looks at this machine may open others
			dial := s.Dial
			s.Dial = func(ctx context.Context, network string) (net.Conn, error) {
				opened.Add(1)
				return dial(ctx, network)
			}
			f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
			if f.Protocol != c.protocol || f.Behaviour != c.behaviour {
				t.Errorf("got %q, %q, want %q, %q", f.Protocol, f.Behaviour, c.protocol, c.behaviour)
			}
			if f.Product != "" || f.Version != "" {
				t.Errorf("made up a product: %q %q", f.Product, f.Version)
			}
			if n := int(opened.Load()); n > c.connections || n != f.Connections {
				t.Errorf("%d connections, counted as %d, want at most %d (%v)", n, f.Connections, c.connections, f.Tried)
			}
			if all := fmt.Sprint(f.Evidence); !strings.Contains(all, c.evidence) {
				t.Errorf("evidence does not show %q: %s", c.evidence, all)
			}
			printable(t, f)
		})
	}
}

// TestGoHTTP asks the server of the standard library, plain and inside TLS: the scolding that HTTPS gives to plain HTTP
// must not make it plain.
func TestGoHTTP(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Server", "widget/1.2") })
	for name, c := range map[string]struct {
		start       func(*httptest.Server)
		alpn        string
		connections int
	}{
		"plain": {(*httptest.Server).Start, "", 2},
		"tls":   {(*httptest.Server).StartTLS, "http/1.1", 3},
	} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			server := httptest.NewUnstartedServer(handler)
			server.Config.ErrorLog = quietLog
			c.start(server)
			defer server.Close()
			s := &served{}
			s.aim(server.Listener.Addr().(*net.TCPAddr).AddrPort())
			f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
			if f.Protocol != "http" || f.Confidence != rtevent.Strong || c.alpn != "h2" && f.Version != "1.2" {
				t.Errorf("got %q %q, version %q", f.Protocol, f.Confidence, f.Version)
			}
			if secure := f.TLS != nil; secure != (c.alpn != "") || secure && f.TLS.ALPN != c.alpn {
				t.Errorf("tls: %+v", f.TLS)
			}
			if f.Connections > c.connections {
				t.Errorf("%d connections (%v), want %d", f.Connections, f.Tried, c.connections)
			}
		})
	}
}

// TestScolding asks a TLS server that complains of plain HTTP in words that no reader knows.
func TestScolding(t *testing.T) {
	const complaint = "HTTP/1.1 400 Bad Request\r\nServer: widget\r\n\r\nPlease come back with TLS.\n"
	secure := inTLS(certified(t, "a.example"), always("HTTP/1.1 200 OK\r\nServer: widget/1.2\r\n\r\n"))
	s := serve(t, func(conn net.Conn) {
		if first := peek(&conn); first == 0x16 {
			secure(conn)
		} else if first != 0 {
			io.WriteString(conn, complaint)
		}
	})
	f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
	if f.Protocol != "http" || f.TLS == nil || f.Version != "1.2" {
		t.Errorf("got %q %q, TLS %v, by %v", f.Protocol, f.Version, f.TLS != nil, f.Tried)
	}
}

// TestHTTP2 asks servers that speak HTTP/2 and nothing else: one says so in the handshake, one hangs up after it.
func TestHTTP2(t *testing.T) {
	config := certified(t, "a.example")
	config.NextProtos = []string{"h2"}
	onlyHTTP2 := inTLS(config, func(conn net.Conn) {
		if conn.(*tls.Conn).ConnectionState().NegotiatedProtocol == "h2" {
			greets("\x00\x00\x00\x04\x00\x00\x00\x00\x00")(conn)
		}
	})
	s := serve(t, onlyHTTP2)
	f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
	if f.Protocol != "http" || f.TLS == nil || f.TLS.ALPN != "h2" {
		t.Errorf("got %q, %+v, by %v", f.Protocol, f.TLS, f.Tried)
	}
}

// TestCertificate bounds what a certificate can put into a finding.
func TestCertificate(t *testing.T) {
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("host-%d.\x1b[31m.%s", i, strings.Repeat("x", 20)))
	}
	s := serve(t, inTLS(certified(t, names...), silent))
	f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
	if f.TLS == nil || len(f.TLS.Names) == 0 || len(f.TLS.Names) > 20 || f.TLS.SHA256 == "" || f.TLS.NotAfter.Unix() != 4e9 {
		t.Fatalf("%d names", len(f.TLS.Names))
	}
	printable(t, f)
}

// TestClientCertificate asks a server that lets nobody in without a certificate: TLS is known, its inside is not.
func TestClientCertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			config := certified(t, "a.example")
			config.ClientAuth, config.MaxVersion = tls.RequireAnyClientCert, version
			s := serve(t, inTLS(config, silent))
			f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
			if f.Protocol != "tls" || f.TLS == nil || !f.TLS.ClientCert || f.TLS.SHA256 == "" {
				t.Errorf("got %q, %+v", f.Protocol, f.TLS)
			}
			if f.Connections > 3 {
				t.Errorf("%d connections (%v): it cannot be asked further", f.Connections, f.Tried)
			}
		})
	}
}

// TestRefused asks where nobody listens.
func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{}
	s.aim(l.Addr().(*net.TCPAddr).AddrPort())
	l.Close()
	f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
	if f.Behaviour != rtevent.Refuses || f.Connections != 0 || !strings.Contains(fmt.Sprint(f.Evidence), "refused") {
		t.Errorf("got %+v", f)
	}
}

// TestUDP asks datagram endpoints: an echo, a silent one, and a closed one.
func TestUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	received := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			received <- string(buf[:n])
			conn.WriteTo(buf[:n], from)
		}
	}()
	target := udp(at)
	f := identify.New(identify.Options{}).Ask(t.Context(), target)
	if f.Protocol != "echo" || f.Connections != 1 {
		t.Errorf("echo: got %+v", f)
	}
	if datagram := <-received; len(datagram) < 12 {
		t.Errorf("sent %q, which is no whole message", datagram)
	}
	conn.Close()
	<-done
	if f := identify.New(identify.Options{}).Ask(t.Context(), target); f.Behaviour != rtevent.Refuses {
		t.Errorf("closed: got %+v", f)
	}
	mute, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	f = identify.New(identify.Options{}).Ask(t.Context(), udp(mute.LocalAddr().(*net.UDPAddr).AddrPort()))
	if f.Behaviour != rtevent.Silent || f.Known() {
		t.Errorf("silent: got %+v", f)
	}
}

func udp(at netip.AddrPort) identify.Target {
	s := &served{}
	s.aim(at)
	s.Listener.Transport = rtevent.UDP
	return s.Target
}

// TestCancel ends an inquiry early: it returns at once with what is known and leaves nothing behind.
func TestCancel(t *testing.T) {
	checkLeaks(t)
	s := serve(t, silent)
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	begun := time.Now()
	f := identify.New(identify.Options{}).Ask(ctx, s.Target)
	if took := time.Since(begun); took > 400*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if f.Known() || f.Behaviour != "" || len(f.Tried) == 0 {
		t.Errorf("got %+v, which was not seen", f)
	}
}

var quietLog = log.New(io.Discard, "", 0)

// TestOwnProgram holds that somebody's own program, which nothing here knows, is spared most of what there is to say.
func TestOwnProgram(t *testing.T) {
	s := serve(t, closesOnData)
	s.Target.Listener.Holders = []rtevent.Owner{{Exe: "/srv/own/program"}}
	f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
	if f.Behaviour != rtevent.ClosesOnData || f.Connections > 16 {
		t.Errorf("%q after %d connections (%v)", f.Behaviour, f.Connections, f.Tried)
	}
}
