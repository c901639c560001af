package probe

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/sweep"
)

// look probes ports of 127.0.0.1 that were named.
func look(t *testing.T, transport rtevent.Transport, ports ...uint16) map[uint16]Result {
	t.Helper()
	var ranges []sweep.Range
	for _, p := range ports {
		ranges = append(ranges, sweep.Range{First: p, Last: p})
	}
	all := sweep.NewPorts(ranges...)
	target := sweep.Target{Name: "127.0.0.1", Addr: netip.MustParseAddr("127.0.0.1"), Transport: transport, Ports: all, Named: all}
	got := map[uint16]Result{}
	Run(t.Context(), Options{Registry: iana.Embedded()}, slices.Values([]sweep.Target{target}), func(r Result) { got[r.Port] = r })
	return got
}

func portOf(a net.Addr) uint16 {
	_, port, _ := net.SplitHostPort(a.String())
	var n uint16
	fmt.Sscan(port, &n)
	return n
}

// TestProbe looks at real servers of this very process.
func TestProbe(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	webPort, securePort, silentPort, gonePort := portOf(web.Listener.Addr()), portOf(secure.Listener.Addr()), portOf(silent.Addr()), portOf(gone.Addr())

	got := look(t, rtevent.TCP, webPort, securePort, silentPort, gonePort)
	if len(got) != 4 {
		t.Fatalf("%d results, want 4", len(got))
	}
	for port, r := range got {
		if !r.Listed || r.Claim == nil || r.Target != "127.0.0.1" {
			t.Errorf("%d: listed %t, claim %v, target %q", port, r.Listed, r.Claim, r.Target)
		}
	}
	if f := got[webPort].Finding; f.Protocol != "http" || f.TLS != nil {
		t.Errorf("the web server: %+v", f)
	}
	if f := got[securePort].Finding; f.Protocol != "http" || f.TLS == nil {
		t.Errorf("the web server inside TLS: %+v", f)
	}
	if r := got[silentPort]; r.State != rtevent.Open || r.Finding.Behaviour != rtevent.Silent || r.Verdict.Label != rtevent.Unidentified {
		t.Errorf("the silent one: %+v", r.Endpoint)
	}
	if r := got[gonePort]; r.State != rtevent.Closed || r.Why != "refused" || r.Finding != nil || r.Verdict != nil {
		t.Errorf("the closed one: %+v", r.Endpoint)
	}
}

// TestOneConnection holds that the connection of the sweep is the one that is asked on: who greets meets one caller.
func TestOneConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var came atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			io.WriteString(c, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
			c.Close()
		}
	}()
	got := look(t, rtevent.TCP, portOf(l.Addr()))[portOf(l.Addr())]
	l.Close()
	<-done
	if got.Finding.Protocol != "ssh" || got.Finding.CPE != "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*" {
		t.Errorf("got %+v", got.Finding)
	}
	if came.Load() != 1 || got.Finding.Connections != 1 {
		t.Errorf("%d connections came, %d were told, want 1", came.Load(), got.Finding.Connections)
	}
}

// TestUDPStates tells who answers, who is refused by the host and who says nothing.
func TestUDPStates(t *testing.T) {
	echo, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := echo.ReadFrom(buf)
			if err != nil {
				return
			}
			echo.WriteTo(buf[:n], from)
		}
	}()
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	echoPort, silentPort, gonePort := portOf(echo.LocalAddr()), portOf(silent.LocalAddr()), portOf(gone.LocalAddr())
	got := look(t, rtevent.UDP, echoPort, silentPort, gonePort)
	echo.Close()
	<-done
	for port, want := range map[uint16]rtevent.State{echoPort: rtevent.Open, silentPort: rtevent.OpenFiltered, gonePort: rtevent.Closed} {
		if got[port].State != want {
			t.Errorf("%d: %s, want %s: %+v", port, got[port].State, want, got[port].Finding)
		}
	}
	if got[echoPort].Verdict == nil || got[silentPort].Verdict != nil {
		t.Error("a verdict is for who answers, and for nobody else")
	}
}

// TestInterrupted holds that an open port that could not be asked to the end is handed over nevertheless.
func TestInterrupted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	ports := sweep.NewPorts(sweep.Range{First: portOf(l.Addr()), Last: portOf(l.Addr())})
	target := sweep.Target{Name: "127.0.0.1", Addr: netip.MustParseAddr("127.0.0.1"), Transport: rtevent.TCP, Ports: ports}
	var got []Result
	Run(ctx, Options{Registry: iana.Embedded()}, slices.Values([]sweep.Target{target}), func(r Result) { got = append(got, r) })
	if len(got) != 1 || got[0].State != rtevent.Open || got[0].Finding == nil {
		t.Errorf("got %+v", got)
	}
}

// TestShare holds for every cap: what is tried and what is asked never add up to more connections.
func TestShare(t *testing.T) {
	for conns := 1; conns < 3000; conns++ {
		ports, open := share(conns, mostOpen)
		each := min(conns, portConns)
		if ports < open || open < 1 || ports+open*(each-1) > conns {
			t.Fatalf("%d connections: %d ports at once, %d of them with up to %d", conns, ports, open, each)
		}
	}
}

func TestUsual(t *testing.T) {
	for transport, want := range map[rtevent.Transport][]uint16{rtevent.TCP: {22, 443, 3306, 6379}, rtevent.UDP: {53}} {
		ports := Usual(transport)
		if n := ports.Len(); n < 100 || n > 1000 {
			t.Errorf("%d ports over %s, want a few hundred", n, transport)
		}
		for _, p := range want {
			if !ports.Has(p) {
				t.Errorf("%d/%s is not among them", p, transport)
			}
		}
		if ports.Has(2345) {
			t.Error("2345 is a debugger's, who takes one client")
		}
	}
}
