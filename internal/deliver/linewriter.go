package deliver

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// chunk is how much is gathered for one write where the tail's own bytes cannot be written as they lie.
const chunk = 64 << 10

var chunks = sync.Pool{New: func() any { b := make([]byte, 0, chunk); return &b }}

// gathered is a buffer of whole lines on their way to one write. An idle one holds no memory.
type gathered struct{ buf *[]byte }

// add adds a line and tells whether it is time to write.
func (g *gathered) add(line []byte) (full bool) {
	if g.buf == nil {
		g.buf = chunks.Get().(*[]byte)
	}
	*g.buf = append(*g.buf, line...)
	return len(*g.buf) >= chunk-8<<10
}

// write hands the bytes to a function, unless there are none.
func (g *gathered) write(to func([]byte) error) error {
	if g.buf == nil {
		return nil
	}
	b := g.buf
	g.buf = nil
	err := to(*b)
	if cap(*b) <= 2*chunk {
		*b = (*b)[:0]
		chunks.Put(b)
	}
	return err
}

// lineWriter is the sink of native lines, over TCP or TLS.
type lineWriter struct {
	conn   net.Conn
	direct bool // what was written before a deadline is known exactly: not so with TLS
	stall  time.Duration

	mu    sync.Mutex
	until time.Time // the deadline that is set

	lines gathered // the feed's alone
}

// patience is how long a direct write may take before the tail's bytes are let go.
const patience = 2 * time.Second

// Batch writes a stretch that lies in one piece as it lies.
func (w *lineWriter) Batch(b tail.Batch) error {
	var room [1][]byte
	if pieces := b.Buffers(room[:0]); w.direct && len(pieces) == 1 {
		return w.piece(b, pieces[0])
	}
	for seq, line := range b.Lines() {
		if err := w.Line(seq, line); err != nil {
			return err
		}
	}
	return w.Flush()
}

// piece writes the tail's own bytes. A reader that takes nothing must not hold them: then the line that has been begun is
// copied, ended with all patience, and the rest is read again later.
func (w *lineWriter) piece(b tail.Batch, bytes []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline(patience)
	n, err := w.conn.Write(bytes)
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	rest, seq := restOfLine(b, n)
	w.deadline(w.stall)
	if _, err := w.conn.Write(rest); err != nil {
		return err
	}
	return &cut{seq: seq}
}

// restOfLine is a copy of what remains of the line in which the n-th byte lies, and the line's number.
func restOfLine(b tail.Batch, n int) (rest []byte, seq uint64) {
	for number, line := range b.Lines() {
		if n < len(line) {
			return bytes.Clone(line[n:]), number
		}
		n -= len(line)
	}
	return nil, b.Last
}

// deadline gives writes at least half of the time, without setting a timer for each.
func (w *lineWriter) deadline(d time.Duration) {
	now := time.Now()
	if left := w.until.Sub(now); left < d/2 || left > d {
		w.until = now.Add(d)
		_ = w.conn.SetWriteDeadline(w.until)
	}
}

func (w *lineWriter) Line(_ uint64, line []byte) error {
	if w.lines.add(line) {
		return w.Flush()
	}
	return nil
}

func (w *lineWriter) Flush() error { return w.lines.write(w.write) }

func (w *lineWriter) Word(word wire.Word) error {
	w.lines.add(wire.Line(word))
	return w.Flush()
}

// write writes whole lines of whomever.
func (w *lineWriter) write(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline(w.stall)
	_, err := w.conn.Write(b)
	return err
}
