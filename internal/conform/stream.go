// Streams: one connection of a vector, whatever carries it.

package conform

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// longest is what is taken as one line of whoever is held.
const longest = 1 << 20

// heard is a line, with its end, or what ended the stream.
type heard struct {
	line []byte
	err  error
}

// stream is one connection. What it hears comes by a goroutine of its own, which ends when the stream is closed.
type stream struct {
	say   func([]byte) error
	end   func() error // ends the half that we say
	hang  func()
	in    chan heard
	done  chan struct{}
	once  sync.Once
	ahead []byte // a line that was heard already
	ended *heard // the end was heard

	lines  bool           // whether it carries lines; else events of SSE
	answer *http.Response // of a request
	max    int            // the longest line that the greeting allows
}

func newStream(say func([]byte) error, end func() error, hang func()) *stream {
	return &stream{say: say, end: end, hang: hang, in: make(chan heard, 256), done: make(chan struct{}), lines: true}
}

func (s *stream) close() {
	s.once.Do(func() {
		close(s.done)
		s.hang()
	})
}

// hear hands on what one reading yields, until it fails or the stream is closed.
func (s *stream) hear(next func() ([]byte, error)) {
	for {
		line, err := next()
		select {
		case s.in <- heard{line, err}:
		case <-s.done:
			return
		}
		if err != nil {
			return
		}
	}
}

var errQuiet = errors.New("nothing came")

// next waits for a line.
func (s *stream) next(ctx context.Context, patience time.Duration) ([]byte, error) {
	if s.ended != nil {
		return nil, s.ended.err
	}
	if line := s.ahead; line != nil {
		s.ahead = nil
		return line, nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case h := <-s.in:
		if h.err != nil {
			s.ended = &h
		}
		return h.line, h.err
	case <-timer.C:
		return nil, fmt.Errorf("%w within %s", errQuiet, patience)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// netStream is a stream of lines over a connection.
func netStream(c net.Conn) *stream {
	end := func() error {
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			return half.CloseWrite()
		}
		return errors.New("this connection has no half to end")
	}
	say := func(b []byte) error {
		if err := c.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		_, err := c.Write(b)
		return err
	}
	s := newStream(say, end, func() { c.Close() })
	go s.hear(lineReader(c))
	return s
}

// lineReader reads lines with their ends; a last line without an end is heard as it is.
func lineReader(r io.Reader) func() ([]byte, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longest)
	lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i+1], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	return func() ([]byte, error) {
		if lines.Scan() {
			return bytes.Clone(lines.Bytes()), nil
		}
		if lines.Err() != nil {
			return nil, lines.Err()
		}
		return nil, io.EOF
	}
}

// eventReader reads the events of an SSE stream, each as {"event","id","data"}; id is absent where there was no such field.
func eventReader(r io.Reader) func() ([]byte, error) {
	next := lineReader(r)
	return func() ([]byte, error) {
		event := map[string]any{}
		for {
			line, err := next()
			if err != nil {
				return nil, err
			}
			field := strings.TrimRight(string(line), "\r\n")
			if field == "" && (event["data"] != nil || event["event"] != nil) {
				return json.Marshal(event)
			}
			name, value, _ := strings.Cut(field, ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "event", "id":
				event[name] = value
			case "data":
				if event["data"], err = decode([]byte(value)); err != nil {
					return nil, fmt.Errorf("data of an event is no JSON: %s", clip(value, 100))
				}
			}
		}
	}
}

// httpStream is the body of an answer, as lines or as events.
func httpStream(answer *http.Response, stop func()) *stream {
	refuse := func([]byte) error { return errors.New("a request has been said already") }
	s := newStream(refuse, func() error { return nil }, func() { stop(); answer.Body.Close() })
	s.answer = answer
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		s.lines = false
		go s.hear(eventReader(answer.Body))
	} else {
		go s.hear(lineReader(answer.Body))
	}
	return s
}

// wsStream is a stream of lines over a WebSocket.
func wsStream(ctx context.Context, c *websocket.Conn, stop func()) *stream {
	c.SetReadLimit(longest)
	say := func(b []byte) error { return c.Write(ctx, websocket.MessageText, b) }
	end := func() error { return c.Close(websocket.StatusNormalClosure, "") }
	s := newStream(say, end, func() { stop(); c.CloseNow() })
	var rest []byte
	go s.hear(func() ([]byte, error) {
		if len(rest) == 0 {
			kind, message, err := c.Read(ctx)
			if err != nil {
				return nil, fmt.Errorf("%w (%w)", io.EOF, err)
			}
			if kind != websocket.MessageText {
				return nil, errors.New("a binary message")
			}
			rest = message
			if !bytes.HasSuffix(rest, []byte("\n")) {
				rest = append(rest, '\n')
			}
		}
		i := bytes.IndexByte(rest, '\n')
		line := rest[:i+1]
		rest = rest[i+1:]
		return line, nil
	})
	return s
}
