// The first bytes: which dialect a connection speaks.

package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rtevent/internal/wire"
)

// peer is the other side of a connection, as far as its rights depend on it.
type peer struct {
	addr  netip.Addr
	local bool              // it comes from this host
	plain bool              // without TLS
	cert  *x509.Certificate // verified
	token string

	limiter *rate.Limiter // of what it publishes; nil: no limit
}

// accept takes connections until the listener is closed.
func (s *Server) accept(ctx context.Context, l Listener) error {
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // too many open files, most likely: others may close theirs
			s.Logger.Warn("accept a connection", "listener", l.Addr().String(), "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		p := peer{addr: addressOf(conn.RemoteAddr()), plain: true}
		p.local = p.addr.IsLoopback()
		if fault := s.gate.enter(p.addr); fault != nil {
			s.metrics.refused(fault)
			s.turnAway(conn, l.TLS, fault)
			continue
		}
		if !p.local {
			p.limiter = rate.NewLimiter(rate.Limit(s.Limits.Rate), s.Limits.Rate)
		}
		counted := &counted{Conn: conn, peer: p, left: func() { s.gate.leave(p.addr) }}
		s.sessions.Go(func() { s.serve(ctx, counted, l.TLS) })
	}
}

func addressOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// turnAway says why, in as far as that needs no waiting.
func (s *Server) turnAway(conn net.Conn, isTLS bool, fault *wire.Error) {
	if !isTLS {
		_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_, _ = conn.Write(wire.Line(fault.Word("error")))
	}
	conn.Close()
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	peer   peer
	before []byte // read already
	once   sync.Once
	left   func()
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.left)
	return err
}

// serve finds out the dialect and speaks it. Connections of HTTP go to its server and outlive the call. When ctx ends,
// the connection is cut.
func (s *Server) serve(ctx context.Context, conn *counted, isTLS bool) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if isTLS {
		s.secure(ctx, conn, nil)
		return
	}
	before, dialect := s.listen(conn, conn.peer)
	if dialect == dialectTLS {
		s.secure(ctx, conn, before)
		return
	}
	s.speak(ctx, conn, conn.peer, before, dialect)
}

// secure speaks TLS, and inside it what ALPN or the first bytes say.
func (s *Server) secure(ctx context.Context, conn *counted, before []byte) {
	if s.TLS == nil {
		conn.Close()
		return
	}
	conn.before = before
	inside := tls.Server(conn, s.TLS)
	_ = conn.SetDeadline(time.Now().Add(s.Limits.Handshake))
	if err := inside.HandshakeContext(ctx); err != nil {
		s.metrics.handshakesFailed.Inc()
		s.Logger.Debug("shake hands", "peer", conn.peer.addr, "error", err)
		conn.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{})
	conn.peer.plain = false
	state := inside.ConnectionState()
	if len(state.VerifiedChains) > 0 {
		conn.peer.cert = state.PeerCertificates[0]
	}
	switch state.NegotiatedProtocol {
	case wire.Protocol:
		s.speak(ctx, inside, conn.peer, nil, dialectGreet)
	case "h2", "http/1.1":
		s.toHTTP.give(inside)
	default:
		before, dialect := s.listen(inside, conn.peer)
		s.speak(ctx, inside, conn.peer, before, dialect)
	}
}

// speak speaks what is no TLS.
func (s *Server) speak(ctx context.Context, conn net.Conn, p peer, before []byte, d dialect) {
	switch d {
	case dialectHTTP:
		if c, plain := conn.(*counted); plain {
			c.before = before
			s.toHTTP.give(c)
		} else {
			s.toHTTP.give(&prefixed{Conn: conn, before: before})
		}
	case dialectNative, dialectGreet:
		s.native(ctx, conn, p, before)
	case dialectSlow:
		s.part(conn, wire.Errorf(wire.TooSlow, "your first words took longer than %v", s.Limits.Speak))
	case dialectUnknown:
		s.part(conn, wire.Errorf(wire.BadLine, "this is %s: say a line of JSON, or HTTP, or TLS", wire.Protocol))
	default:
		conn.Close()
	}
}

type dialect int

const (
	dialectGone    dialect = iota // it left
	dialectNative                 //
	dialectGreet                  // native, and the server speaks first
	dialectHTTP                   //
	dialectTLS                    //
	dialectSlow                   // it began a word and never ended it
	dialectUnknown                //
	dialectMore                   // not to be told yet
)

// listen reads the first bytes until they tell the dialect. Whoever is silent is taken for a native client that waits for
// a greeting, unless it may be a browser.
func (s *Server) listen(conn net.Conn, p peer) ([]byte, dialect) {
	buf := make([]byte, 0, 64)
	spared := false
	_ = conn.SetReadDeadline(time.Now().Add(s.Limits.Greeting))
	defer conn.SetReadDeadline(time.Time{})
	for {
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if d := dialectOf(buf); d != dialectMore {
			return buf, d
		}
		switch {
		case err == nil:
			_ = conn.SetReadDeadline(time.Now().Add(s.Limits.Speak)) // it has begun; a word may have few bytes
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, dialectGone
		case len(buf) == 0 && !spared && s.browsers.at(p.addr):
			spared = true
			_ = conn.SetReadDeadline(time.Now().Add(browserSilence))
		case len(buf) == 0:
			return nil, dialectGreet
		default:
			return nil, dialectSlow
		}
	}
}

// methods are the first four bytes of HTTP.
var methods = []string{"GET ", "POST", "HEAD", "PUT ", "DELE", "OPTI", "PATC", "CONN", "TRAC", "QUER", "PRI "}

func dialectOf(first []byte) dialect {
	if len(first) == 0 {
		return dialectMore
	}
	switch first[0] {
	case '{', ' ', '\t', '\r', '\n':
		return dialectNative
	case 0x16:
		switch {
		case len(first) == 1:
			return dialectMore
		case first[1] == 3:
			return dialectTLS
		}
		return dialectUnknown
	}
	word := string(first[:min(4, len(first))])
	for _, m := range methods {
		switch {
		case word == m:
			return dialectHTTP
		case len(word) < 4 && strings.HasPrefix(m, word):
			return dialectMore
		}
	}
	return dialectUnknown
}

// part says why and closes.
func (s *Server) part(conn net.Conn, fault *wire.Error) {
	s.metrics.refused(fault)
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write(wire.Line(fault.Word("error"))); err == nil {
		linger(conn)
	}
	conn.Close()
}

// linger lets the other side read the last line: closing at once, with bytes of it unread, would tear that away.
func linger(conn net.Conn) {
	const most = 1 << 20
	if c, ok := conn.(interface{ CloseWrite() error }); !ok || c.CloseWrite() != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.CopyN(io.Discard, conn, most)
}

// CloseWrite ends what the server says.
func (c *counted) CloseWrite() error {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		return t.CloseWrite()
	}
	return errors.ErrUnsupported
}

// prefixed is a connection of which bytes have been read already.
type prefixed struct {
	net.Conn
	before []byte
}

func (c *prefixed) Read(b []byte) (int, error) {
	if n := copy(b, c.before); n > 0 {
		c.before = c.before[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

func (c *counted) Read(b []byte) (int, error) {
	if n := copy(b, c.before); n > 0 {
		c.before = c.before[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}
