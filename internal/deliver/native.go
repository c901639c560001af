package deliver

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"rtevent/internal/wire"
)

// socket carries native lines.
type socket struct {
	net.Conn
	limits  Limits
	lines   *wire.Lines
	out     *lineWriter
	said    int // lines
	limited int // the count of lines at which a read deadline was set; -1: none is

	interrupted atomic.Bool
	closing     sync.Once
}

// native speaks in lines. It greets first.
func (s *Server) native(ctx context.Context, conn net.Conn, p peer, before []byte) {
	c := &socket{Conn: conn, limits: s.Limits, limited: -1}
	c.lines = wire.NewLines(c, s.Limits.Line, before)
	_, tcp := conn.(*counted)
	c.out = &lineWriter{conn: conn, direct: tcp, stall: s.Limits.Stall}
	s.metrics.connections.WithLabelValues("native").Inc()
	defer s.metrics.connections.WithLabelValues("native").Dec()
	if c.Say(wire.Line(s.greeting(p))) != nil {
		conn.Close()
		return
	}
	s.talk(ctx, p, c)
}

// greeting is the server's first line.
func (s *Server) greeting(p peer) wire.Ready {
	b := s.Log.Bounds()
	return wire.Ready{
		RT: "ready", Protocol: wire.Protocol, Software: s.Software, Node: s.Node,
		Epoch: b.Epoch, Seq: b.Newest, Oldest: b.Oldest, Durable: s.Durable,
		Max: s.Limits.Line, Mark: int(wire.DefaultMark / time.Second), Auth: s.Access.Methods(p), TLS: s.TLSPort, HTTP: "/",
		Help: `{"rt":"sub","topics":[">"]}`,
	}
}

// Read reads for Lines. A client may be silent between lines, but not long before its first or within one.
func (c *socket) Read(b []byte) (int, error) {
	switch {
	case c.lines.Begun():
		c.limit(c.limits.Speak)
	case c.said == 0:
		c.limit(c.limits.Silence)
	case c.limited >= 0:
		c.limited = -1
		_ = c.SetReadDeadline(time.Time{})
	}
	if c.interrupted.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(b)
}

func (c *socket) Interrupt() bool {
	c.interrupted.Store(true)
	_ = c.SetReadDeadline(time.Unix(1, 0))
	return true
}

// limit bounds what is left of one line, once.
func (c *socket) limit(d time.Duration) {
	if c.limited != c.said {
		c.limited = c.said
		_ = c.SetReadDeadline(time.Now().Add(d))
	}
}

func (c *socket) Next() ([]byte, error) {
	line, err := c.lines.Next()
	if err == nil {
		c.said++
	}
	return line, err
}

func (c *socket) Say(lines []byte) error { return c.out.write(lines) }

func (c *socket) Sink() sink { return c.out }

func (c *socket) Close() {
	c.closing.Do(func() {
		linger(c.Conn)
		c.Conn.Close()
	})
}
