package wire

import (
	"bytes"
	"errors"
	"io"
)

// ErrTooLong says that a line is longer than its reader takes.
var ErrTooLong = errors.New("the line is too long")

// Lines reads lines of bounded length. A reader that is idle holds half a KiB.
type Lines struct {
	r    io.Reader
	most int
	buf  []byte
	from int // buf[from:] is unread
	seen int // buf[from:seen] holds no newline
}

const idleBytes = 512

// NewLines makes a reader of lines of at most that many bytes each, newline included. What was read before it comes first.
func NewLines(r io.Reader, most int, before []byte) *Lines {
	return &Lines{r: r, most: most, buf: append(make([]byte, 0, max(idleBytes, len(before))), before...)}
}

// Allow sets how long a line may be.
func (l *Lines) Allow(most int) { l.most = most }

// Next returns the next line without its end, LF or CRLF. It is valid until the next call. After a last line without an
// end it returns io.ErrUnexpectedEOF.
func (l *Lines) Next() ([]byte, error) {
	for {
		if i := bytes.IndexByte(l.buf[l.seen:], '\n'); i >= 0 {
			line := l.buf[l.from : l.seen+i]
			l.from = l.seen + i + 1
			l.seen = l.from
			if len(line)+1 > l.most {
				return nil, ErrTooLong
			}
			return bytes.TrimSuffix(line, []byte{'\r'}), nil
		}
		if l.seen = len(l.buf); l.seen-l.from >= l.most {
			return nil, ErrTooLong
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// Waiting tells whether a whole line has been read already.
func (l *Lines) Waiting() bool { return bytes.IndexByte(l.buf[l.from:], '\n') >= 0 }

// Begun tells whether a part of a line has been read already.
func (l *Lines) Begun() bool { return l.from < len(l.buf) }

// fill reads more. A buffer that was filled doubles, and one that hardly was is small again once it is empty.
func (l *Lines) fill() error {
	rest, size := l.buf[l.from:], cap(l.buf)
	switch {
	case len(l.buf) == size: // there is likely to be more
		size = min(2*size, max(size, l.most))
	case len(rest) == 0 && len(l.buf) < size/4:
		size = idleBytes
	}
	if size != cap(l.buf) {
		l.buf = append(make([]byte, 0, size), rest...)
	} else {
		copy(l.buf, rest)
		l.buf = l.buf[:len(rest)]
	}
	l.seen -= l.from
	l.from = 0
	n, err := l.r.Read(l.buf[len(l.buf):size])
	l.buf = l.buf[:len(l.buf)+n]
	switch {
	case n > 0:
		return nil
	case err == io.EOF && l.Begun():
		return io.ErrUnexpectedEOF
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}
