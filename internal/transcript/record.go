// Recording: a connection that remembers what passed, and a conversation that is worth remembering.

package transcript

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// maxRecord bounds what one side of a recorded connection may say before the Recorder stops remembering.
const maxRecord = 256 << 10

// A Recorder is a connection that remembers what passes over it. Give it the inside of a TLS connection to record
// that.
type Recorder struct {
	net.Conn
	mu    sync.Mutex
	t     Transcript
	bytes int
}

// NewRecorder wraps a connection. Closing the Recorder closes the connection.
func NewRecorder(conn net.Conn) *Recorder {
	return &Recorder{Conn: conn, t: Transcript{Over: carrier(conn)}}
}

func carrier(conn net.Conn) Carrier {
	if _, ok := conn.(*tls.Conn); ok {
		return TLS
	}
	if _, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return UDP
	}
	return TCP
}

// Read reads from the server. The end of its stream is remembered too.
func (r *Recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 {
		r.remember(Turn{By: Server, Data: string(p[:n])})
	}
	if isEnd(err) && r.t.Over != UDP {
		r.remember(Turn{By: Server, Close: true})
	}
	return n, err
}

// Write writes to the server.
func (r *Recorder) Write(p []byte) (int, error) {
	n, err := r.Conn.Write(p)
	if n > 0 {
		r.remember(Turn{By: Client, Data: string(p[:n])})
	}
	return n, err
}

// Transcript returns what was said so far.
func (r *Recorder) Transcript() *Transcript {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.t
	t.Turns = append([]Turn(nil), r.t.Turns...)
	return &t
}

func (r *Recorder) remember(turn Turn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes += len(turn.Data); r.bytes <= maxRecord {
		r.t.add(turn)
	}
}

// isEnd tells the end of a stream from a read that merely took too long or was broken off by this side.
func isEnd(err error) bool {
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed)
}

// Lines is what a client says in a conversation to be recorded; the fields are those of a protocol's definition.
type Lines struct {
	Hello string
	Talk  func(rw io.ReadWriter, heard string) string
	Bye   string

	// Quiet is how long the server must say nothing to count as done; a second if it is zero.
	Quiet time.Duration
}

// Record holds a conversation over conn and returns it: it says Hello (or listens for a greeting if there is none),
// listens until the server is quiet, carries on with Talk, and leaves with Bye. The end of ctx breaks it off.
func Record(ctx context.Context, conn net.Conn, say Lines) (*Transcript, error) {
	r := NewRecorder(conn)
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if say.Quiet == 0 {
		say.Quiet = time.Second
	}
	if err := speak(r, say.Hello); err != nil {
		return nil, err
	}
	heard := r.listen(ctx, say.Quiet)
	if say.Talk != nil {
		conn.SetReadDeadline(time.Now().Add(5 * say.Quiet))
		say.Talk(r, heard)
	}
	if r.ended() || speak(r, say.Bye) != nil {
		return r.Transcript(), ctx.Err() // the server hung up first, which is part of the record
	}
	r.listen(ctx, say.Quiet)
	return r.Transcript(), ctx.Err()
}

// ended tells whether the server has ended its stream.
func (r *Recorder) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.t.Turns) - 1
	return last >= 0 && r.t.Turns[last].Close
}

func speak(w io.Writer, words string) error {
	if words == "" {
		return nil
	}
	if _, err := io.WriteString(w, words); err != nil {
		return fmt.Errorf("record: say %.20q: %w", words, err)
	}
	return nil
}

// listen reads until the server was quiet for a while or ended its stream.
func (r *Recorder) listen(ctx context.Context, quiet time.Duration) string {
	var heard []byte
	buf := make([]byte, 16<<10)
	for len(heard) < maxRecord && ctx.Err() == nil {
		r.Conn.SetReadDeadline(time.Now().Add(quiet))
		n, err := r.Read(buf)
		heard = append(heard, buf[:n]...)
		if err != nil {
			break
		}
	}
	return string(heard)
}
