// Peers: small real servers that behave as real ones do, well or badly.

package identify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/datagram"
	"rtevent/internal/identify"
)

// A peer is a server under test: what it does with each connection. It returns when it is done with it; the connection
// is closed then, and also when the test ends.
type peer func(conn net.Conn)

// served is a target that listens on loopback.
type served struct{ identify.Target }

// serve starts a peer on a port of its own and stops it when the test ends.
func serve(t *testing.T, p peer) *served {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{}
	s.aim(l.Addr().(*net.TCPAddr).AddrPort())
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				p(conn)
			})
		}
	})
	t.Cleanup(func() {
		stop()
		l.Close()
		all.Wait()
	})
	return s
}

// aim makes the target of a TCP address.
func (s *served) aim(at netip.AddrPort) {
	s.Listener = rtevent.Listener{Transport: rtevent.TCP, Address: at.Addr(), Port: at.Port(), Scope: rtevent.Loopback}
	s.Insist = true // a port that the system chose may be one that politeness reserves
	s.Dial = func(ctx context.Context, network string) (net.Conn, error) {
		return datagram.Dial(ctx, new(net.Dialer), network, at.String())
	}
}

// piped is a target whose connections are pipes to the peer: nothing of the system is between, so that time may be
// synthetic.
func piped(t *testing.T, p peer) identify.Target {
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	return identify.Target{
		Listener: rtevent.Listener{Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: 40000},
		Dial: func(context.Context, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			box := &outbox{Conn: theirs, letters: make(chan []byte, 16)}
			all.Go(box.deliver)
			all.Go(func() {
				defer close(box.letters)
				p(box)
			})
			return ours, nil
		},
	}
}

// outbox is the server's end of a pipe with room for what was written and not yet read, as a real connection has.
type outbox struct {
	net.Conn
	letters chan []byte
	lost    atomic.Bool // the client is gone
}

func (o *outbox) Write(p []byte) (int, error) {
	if o.lost.Load() {
		return 0, io.ErrClosedPipe
	}
	o.letters <- bytes.Clone(p)
	return len(p), nil
}

// deliver hands on what was written and closes the connection after the last of it.
func (o *outbox) deliver() {
	defer o.Conn.Close()
	for letter := range o.letters {
		if _, err := o.Conn.Write(letter); err != nil {
			o.lost.Store(true)
		}
	}
}

// Peers of no known protocol.

func silent(conn net.Conn) { io.Copy(io.Discard, conn) }

func closes(net.Conn) {}

func closesOnData(conn net.Conn) { conn.Read(make([]byte, 1)) }

func resets(conn net.Conn) {
	conn.Read(make([]byte, 1))
	conn.(*net.TCPConn).SetLinger(0)
}

func echo(conn net.Conn) { io.Copy(conn, conn) }

// always answers the same to whatever is sent.
func always(answer string) peer {
	return func(conn net.Conn) {
		buf := make([]byte, 4<<10)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
		}
	}
}

// greets says a banner and nothing more.
func greets(banner string) peer {
	return func(conn net.Conn) {
		io.WriteString(conn, banner)
		silent(conn)
	}
}

// dialogue greets, answers one question, and says of all others that it does not know them.
func dialogue(greeting, question, answer string) peer {
	return func(conn net.Conn) {
		io.WriteString(conn, greeting)
		buf := make([]byte, 4<<10)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			reply := "500 what?\r\n"
			if string(buf[:n]) == question {
				reply = answer
			}
			io.WriteString(conn, reply)
		}
	}
}

// knowsOnly answers one hello and hangs up on all others.
func knowsOnly(hello, answer string) peer {
	return func(conn net.Conn) {
		buf := make([]byte, 4<<10)
		if n, err := conn.Read(buf); err != nil || string(buf[:n]) != hello {
			return
		}
		io.WriteString(conn, answer)
		silent(conn)
	}
}

// greetsAfter is a server that looks up its caller's name first.
func greetsAfter(wait time.Duration, banner string) peer {
	return func(conn net.Conn) {
		time.Sleep(wait)
		greets(banner)(conn)
	}
}

// oneAtATime serves its connections one after the other, in the order in which they came.
func oneAtATime(p peer) peer {
	free := make(chan struct{}, 1)
	return func(conn net.Conn) {
		free <- struct{}{}
		p(conn)
		<-free
	}
}

// slowly answers once, after a while.
func slowly(wait time.Duration, answer string) peer {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 4<<10))
		time.Sleep(wait)
		io.WriteString(conn, answer)
	}
}

func streams(conn net.Conn) {
	for {
		if _, err := io.WriteString(conn, "still here, and still talking; "); err != nil {
			return
		}
	}
}

func streamsOnData(conn net.Conn) {
	conn.Read(make([]byte, 1))
	streams(conn)
}

// peek tells the first byte that a connection will read; 0 if there is none.
func peek(conn *net.Conn) byte {
	first := make([]byte, 1)
	if _, err := io.ReadFull(*conn, first); err != nil {
		return 0
	}
	*conn = &unread{Conn: *conn, first: first}
	return first[0]
}

type unread struct {
	net.Conn
	first []byte
}

func (u *unread) Read(p []byte) (int, error) {
	if len(u.first) == 0 {
		return u.Conn.Read(p)
	}
	n := copy(p, u.first)
	u.first = u.first[n:]
	return n, nil
}

// dribbles says a byte a second.
func dribbles(conn net.Conn) {
	var reading sync.WaitGroup
	defer reading.Wait()
	reading.Go(func() { silent(conn) })
	for {
		if _, err := io.WriteString(conn, "x"); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// inTLS is the same peer behind TLS.
func inTLS(config *tls.Config, p peer) peer {
	return func(conn net.Conn) {
		inside := tls.Server(conn, config)
		if inside.Handshake() == nil {
			p(inside)
			inside.Close()
		}
	}
}

// certified is the configuration of a TLS server with a certificate for these names.
func certified(t testing.TB, names ...string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "test \x1b[31mred"},
		DNSNames:     names,
		NotBefore:    time.Unix(1e9, 0),
		NotAfter:     time.Unix(4e9, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// checkLeaks fails the test if goroutines are left over at its end. It is to be called first, so that it looks last.
func checkLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		var after int
		for range 100 {
			if after = runtime.NumGoroutine(); after <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		stacks := make([]byte, 64<<10)
		t.Errorf("%d goroutines before, %d after:\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	})
}

// printable fails the test if any text of a finding could move a terminal's cursor.
func printable(t *testing.T, f rtevent.Finding) {
	t.Helper()
	check := func(where, s string) {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("%s holds a control character: %q", where, s)
		}
		if len(s) > 1000 {
			t.Errorf("%s is %d bytes long", where, len(s))
		}
	}
	check("protocol", f.Protocol)
	check("product", f.Product)
	check("version", f.Version)
	for name, value := range f.Details {
		check("details", name+value)
	}
	for _, e := range f.Evidence {
		check("evidence", e.Asked+e.Sent+e.Saw+e.Says)
	}
	if f.TLS != nil {
		check("tls", f.TLS.Subject+f.TLS.Issuer)
		for _, name := range f.TLS.Names {
			check("name", name)
		}
	}
}
