// Bounds: what a peer can cost.

package identify

import (
	"errors"
	"io"
	"net"
)

// What one port may cost at most.
const (
	firstWays = 6        // connections to a peer that shows no sign of understanding, and those open at once
	moreWays  = 16       // connections to a peer that reads what it is sent, where its owner can be seen
	allWays   = 24       // the same where nobody knows who it is
	mostHeard = 64 << 10 // bytes that a peer may say on one connection
	mostTLS   = 384 << 10
)

var errFull = errors.New("said more than is read")

// bounded is a connection that reads so many bytes and then no more, and that keeps what it is told to.
type bounded struct {
	net.Conn
	room  int    // bytes that may still come
	first func() // called before the first byte is handed on; may be nil
	asks  func() // called before anything is written; may be nil
	early []byte // the first bytes that came, as far as it has room for them
	said  []byte // the first bytes that were written, likewise
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.room <= 0 {
		return 0, errFull
	}
	n, err := b.Conn.Read(p[:min(len(p), b.room)])
	b.room -= n
	if n > 0 {
		if b.first != nil {
			b.first()
			b.first = nil
		}
		b.early = keep(b.early, p[:n])
	}
	return n, err
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.asks != nil {
		b.asks()
	}
	b.said = keep(b.said, p)
	return b.Conn.Write(p)
}

// keep appends as much as there is room for.
func keep(kept, more []byte) []byte {
	return append(kept, more[:min(len(more), cap(kept)-len(kept))]...)
}

// ending is how a connection came to its end.
type ending int

const (
	quiet    ending = iota // open, and nothing more was said in time
	talking                // open, and still being talked on when time was up
	full                   // said more than is read
	closed                 // the peer ended it
	reset                  // the peer, or something on the way, broke it
	unopened               // the connection never came to be
	left                   // we did not stay to see
)

// endOf tells what an error of reading or writing says of the connection.
func endOf(err error) ending {
	var timeout net.Error
	switch {
	case err == nil:
		return quiet
	case errors.Is(err, errFull):
		return full
	case errors.Is(err, net.ErrClosed):
		return left
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return closed
	case errors.As(err, &timeout) && timeout.Timeout():
		return quiet
	default:
		return reset
	}
}
