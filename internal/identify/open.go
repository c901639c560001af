// Opening a connection and telling how it goes.

package identify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"rtevent"
)

// news is what a way tells of its progress.
type news struct {
	id   int
	what progress
	rtt  time.Duration // of connected: how long that took
	way  way           // of secured: as the handshake left it
	done exchange      // of ended
}

type progress int

const (
	connected progress = iota // the peer accepted
	speaking                  // the peer said its first byte
	secured                   // the handshake is complete
	ended                     // the last news: the connection is closed
)

// ask goes one way from beginning to end and tells of its progress; the last it tells is that it ended.
func (q *inquiry) ask(ctx context.Context, id int, w way, p pace, until time.Time) {
	tell := func(n news) { n.id = id; q.news <- n }
	c := conversation{exchange: exchange{way: w}, pace: p, until: until, name: q.target.Name}
	for _, h := range q.hints {
		c.expected = append(c.expected, h.def)
	}
	begun := time.Now()
	q.open(ctx, &c, tell)
	if ctx.Err() != nil {
		c.end = left
	}
	c.took = time.Since(begun)
	tell(news{what: ended, done: c.exchange})
}

// open opens the connection, talks, and closes it.
func (q *inquiry) open(ctx context.Context, c *conversation, tell func(news)) {
	wait := q.connectWait()
	dialing, stop := context.WithTimeoutCause(ctx, wait, fmt.Errorf("nobody accepted within %v", wait))
	defer stop()
	begun := time.Now()
	conn, err := q.target.Dial(dialing, c.way.network)
	if err != nil {
		c.end, c.why = unopened, whyUnopened(dialing, err)
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	rtt := time.Since(begun)
	tell(news{what: connected, rtt: rtt})
	if c.way.network == "tcp" {
		c.pace = c.pace.after(rtt)
	}
	if c.until.IsZero() {
		c.until = time.Now().Add(c.pace.total())
	}
	c.first = func() { tell(news{what: speaking}) }
	c.conn = bind(conn, c.first)
	if c.way.secure {
		if !c.secure(q.target.Name) {
			return
		}
		tell(news{what: secured, way: c.way})
		defer c.conn.Close()
	}
	c.converse()
}

// bind bounds a connection.
func bind(conn net.Conn, first func()) *bounded {
	return &bounded{Conn: conn, room: mostHeard, first: first, said: make([]byte, 0, 1<<10)}
}

// connectWait is how long a connection may take to be accepted.
func (q *inquiry) connectWait() time.Duration {
	if q.asker.timeout > 0 {
		return q.asker.timeout
	}
	if q.target.Listener.Scope == rtevent.Loopback || q.target.Listener.AddrPort().Addr().IsLoopback() {
		return time.Second
	}
	return 3 * time.Second
}

// whyUnopened is the innermost reason for which a connection did not come to be.
func whyUnopened(dialing context.Context, err error) string {
	if cause := context.Cause(dialing); cause != nil && dialing.Err() != nil {
		return cause.Error()
	}
	return innermost(err)
}

// innermost is the last cause of an error, without the layers that carried it here.
func innermost(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return clean(err.Error(), longText)
}
