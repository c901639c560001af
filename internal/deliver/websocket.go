package deliver

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"

	"github.com/coder/websocket"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// Subprotocol is that of the WebSocket whose text messages are whole lines.
const Subprotocol = "rt-event.v1"

// webSocket speaks native lines in messages. A page of another origin is refused.
func (s *Server) webSocket(w http.ResponseWriter, r *http.Request) {
	s.sessions.Add(1) // before the connection is no longer the HTTP server's, which is asked to end first
	defer s.sessions.Done()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Subprotocol}})
	if err != nil {
		s.metrics.refused(wire.Errorf(wire.Forbidden, ""))
		return // Accept has answered
	}
	const message = 1 << 20 // of many lines
	conn.SetReadLimit(message)
	s.metrics.connections.WithLabelValues("websocket").Inc()
	defer s.metrics.connections.WithLabelValues("websocket").Dec()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := &socketOfWeb{conn: conn, limits: s.Limits}
	p := peerOf(r)
	c.next = func() ([]byte, error) { return c.message(ctx) }
	c.write = func(b []byte) error {
		ctx, cancel := context.WithTimeout(ctx, s.Limits.Stall)
		defer cancel()
		return conn.Write(ctx, websocket.MessageText, b)
	}
	if c.Say(wire.Line(s.greeting(p))) == nil {
		s.talk(ctx, p, c)
	}
	conn.CloseNow()
}

// socketOfWeb carries lines in the text messages of a WebSocket.
type socketOfWeb struct {
	conn   *websocket.Conn
	limits Limits
	spoken bool
	rest   []byte // of the last message

	next  func() ([]byte, error)
	write func([]byte) error
	lines gathered // the feed's alone
}

func (c *socketOfWeb) Next() ([]byte, error) {
	for len(c.rest) == 0 {
		var err error
		if c.rest, err = c.next(); err != nil {
			return nil, err
		}
	}
	line, rest, _ := bytes.Cut(c.rest, []byte{'\n'})
	if c.rest = rest; len(line)+1 > c.limits.Line {
		return nil, wire.ErrTooLong
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// message reads one; the first may not be waited for too long.
func (c *socketOfWeb) message(ctx context.Context) ([]byte, error) {
	if !c.spoken {
		first, cancel := context.WithTimeout(ctx, c.limits.Silence)
		defer cancel()
		ctx = first
	}
	_, b, err := c.conn.Read(ctx)
	switch {
	case err == nil:
		c.spoken = true
		return b, nil
	case ctx.Err() != nil:
		return nil, os.ErrDeadlineExceeded
	}
	return nil, io.ErrClosedPipe // it left, in whatever way
}

func (c *socketOfWeb) Say(lines []byte) error { return c.write(lines) }

func (c *socketOfWeb) Sink() sink { return c }

func (c *socketOfWeb) Interrupt() bool { return false }

func (c *socketOfWeb) Close() { _ = c.conn.Close(websocket.StatusNormalClosure, "") }

func (c *socketOfWeb) Batch(b tail.Batch) error {
	for seq, line := range b.Lines() {
		if err := c.Line(seq, line); err != nil {
			return err
		}
	}
	return c.Flush()
}

func (c *socketOfWeb) Line(_ uint64, line []byte) error {
	if c.lines.add(line) {
		return c.Flush()
	}
	return nil
}

func (c *socketOfWeb) Flush() error { return c.lines.write(c.write) }

func (c *socketOfWeb) Word(w wire.Word) error {
	c.lines.add(wire.Line(w))
	return c.Flush()
}
