package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"time"

	"rtevent"
	"rtevent/internal/wire"
)

// Start is where a subscription begins.
type Start struct{ from string }

// Where a subscription may begin: with what happens from now on, with the oldest event that the server has, or with the
// last event of every topic and then live, without a gap and without a repeat between the two.
var (
	Live   = Start{"live"}
	Oldest = Start{"oldest"}
	State  = Start{"state"}
)

// After begins with the event after the cursor.
func After(c rtevent.Cursor) Start { return Start{c.String()} }

// Since begins with the first event that the server stored at or after the time.
func Since(t time.Time) Start { return Start{t.UTC().Format(time.RFC3339Nano)} }

// ParseStart reads a Start as it travels: "live", "oldest", "state", a cursor, or a time as in RFC 3339.
func ParseStart(s string) (Start, error) {
	at, err := wire.ParseStart(s)
	return Start{at.String()}, err
}

// Subscription says what is wanted.
type Subscription struct {
	Topics []string // filters: "doors.*", "listener.>"; none means all
	Types  []string // the types of events, exactly; none means all
	From   Start    // Live when it is zero

	// Mark is how often the server says where it is, at least; 15 s when it is 0. When nothing comes for twice that, the
	// connection is taken for dead.
	Mark time.Duration

	// OnLive, if set, is called when everything that was there at the beginning has been received: after the state, or
	// after the history. OnMark is called whenever the server says that everything up to the cursor has been received.
	// OnBreak is called when the connection broke and before it is opened again. All are called by the goroutine that
	// ranges over the subscription.
	OnLive  func(rtevent.Cursor)
	OnMark  func(rtevent.Cursor)
	OnBreak func(error)

	// Restart, if set, is where to begin again after a reset; it is told to OnBreak as a *ResetError. Otherwise a reset ends
	// the subscription.
	Restart Start
}

// Line is an event as it travels: one JSON object, without the newline.
type Line struct {
	Cursor rtevent.Cursor
	JSON   []byte // valid until the next step of the loop
	More   bool   // another line has come already: whoever gathers output may wait with writing it
}

// Subscribe yields events until ctx ends, the loop is left, or the server says no for good. A *GapError is yielded in its
// place and the events go on; any other error is the last. A first connection that fails is an error; after that the
// subscription reconnects, and resumes exactly, for as long as ctx allows.
func (c *Client) Subscribe(ctx context.Context, s Subscription) iter.Seq2[rtevent.Event, error] {
	return func(yield func(rtevent.Event, error) bool) {
		for line, err := range c.Lines(ctx, s) {
			var e rtevent.Event
			if err == nil {
				err = json.Unmarshal(line.JSON, &e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Lines is Subscribe for whoever wants the events as they travel: it decodes nothing.
func (c *Client) Lines(ctx context.Context, s Subscription) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f := follower{client: c, Subscription: s, yield: yield, from: s.From}
		if err := f.run(ctx); err != nil && !f.left {
			yield(Line{}, err)
		}
	}
}

// errLeft ends a subscription whose loop was left.
var errLeft = errors.New("the loop was left")

// follower is one subscription under way.
type follower struct {
	Subscription
	client *Client
	yield  func(Line, error) bool
	left   bool

	from  Start // where the next connection begins
	state bool  // the state is being received: it has no place to resume at
	ever  bool  // a connection has worked
	fails int   // connections in a row that came to nothing
}

func (f *follower) run(ctx context.Context) error {
	if f.Mark == 0 {
		f.Mark = wire.DefaultMark
	}
	for {
		err := f.once(ctx)
		switch {
		case errors.Is(err, errLeft):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !f.ever || final(err):
			return err
		}
		var reset *ResetError
		if errors.As(err, &reset) {
			if f.Restart == (Start{}) {
				return err
			}
			f.from = f.Restart
		}
		if f.OnBreak != nil {
			f.OnBreak(err)
		}
		if err := f.pause(ctx, err); err != nil {
			return err
		}
	}
}

// final tells whether trying again is of no use.
func final(err error) bool {
	var said *Error
	return errors.As(err, &said) && said.Retry == "no"
}

// pause waits before the next attempt.
func (f *follower) pause(ctx context.Context, err error) error {
	d := backoff(f.client.options.Backoff, f.fails)
	var said *Error
	if errors.As(err, &said) && said.After > d {
		d = said.After
	}
	f.fails++
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// backoff doubles with each failure, and differs from client to client so that they do not all come back at once.
func backoff(first time.Duration, fails int) time.Duration {
	const most = 10 * time.Second
	if first == 0 {
		first = 100 * time.Millisecond
	}
	d := min(first<<min(fails, 10), most)
	return d/2 + rand.N(d/2+1)
}

// once follows over one connection.
func (f *follower) once(ctx context.Context) error {
	request := map[string]any{"rt": "sub", "from": f.from.String(), "mark": max(1, int(f.Mark/time.Second))}
	if len(f.Topics) > 0 {
		request["topics"] = f.Topics
	}
	if len(f.Types) > 0 {
		request["types"] = f.Types
	}
	conn, err := f.client.connect(ctx, wire.Line(request))
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	f.state = f.from == State
	for {
		if !conn.lines.Waiting() {
			_ = conn.SetReadDeadline(time.Now().Add(2*f.Mark + 5*time.Second))
		}
		line, err := conn.next()
		if err != nil {
			return f.broken(err)
		}
		if err := f.take(conn, line); err != nil {
			return err
		}
	}
}

// broken is what ended a connection, in words.
func (f *follower) broken(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		err = fmt.Errorf("nothing came for %v", 2*f.Mark+5*time.Second)
	} else if errors.Is(err, io.EOF) {
		err = errors.New("the server hung up")
	}
	return fmt.Errorf("follow %s: %w", f.client.address, err)
}

// String writes a Start as it travels.
func (s Start) String() string {
	if s.from == "" {
		return "live"
	}
	return s.from
}

// take takes a line: an event, or a word of the server.
func (f *follower) take(conn *conn, line []byte) error {
	if at, isEvent := cursorOf(line); isEvent {
		if !f.state {
			f.from = After(at)
		}
		return f.give(Line{Cursor: at, JSON: line, More: conn.lines.Waiting()}, nil)
	}
	var w wire.Word
	if err := conn.read(line, &w); err != nil {
		return err
	}
	at := cursor(w.At)
	switch w.RT {
	case "ok":
		f.ever, f.fails = true, 0
	case "live":
		f.state = false
		if f.OnLive != nil {
			f.OnLive(at)
		}
	case "mark":
		if f.OnMark != nil && !at.IsZero() {
			f.OnMark(at)
		}
	case "gap":
		gap := &GapError{After: cursor(w.After), Before: cursor(w.Before), Count: w.Count, Reason: w.Reason}
		if err := f.give(Line{}, gap); err != nil {
			return err
		}
	case "reset":
		f.ever = true
		return &ResetError{Reason: w.Reason, Oldest: cursor(w.Oldest), Newest: cursor(w.Newest)}
	case "error":
		return errorOf(w)
	case "bye":
		f.bookmark(at)
		return errorOf(w)
	}
	f.bookmark(at)
	return nil
}

// bookmark keeps where to go on. While the state is received there is no such place.
func (f *follower) bookmark(at rtevent.Cursor) {
	if !f.state && !at.IsZero() {
		f.from = After(at)
	}
}

func (f *follower) give(l Line, err error) error {
	if !f.yield(l, err) {
		f.left = true
		return errLeft
	}
	return nil
}

// cursorOf reads the cursor of an event, which comes first in the line, as a server writes it; a line without one is a
// control word.
func cursorOf(line []byte) (rtevent.Cursor, bool) {
	rest, found := bytes.CutPrefix(line, []byte(`{"cursor":"`))
	if !found {
		return otherCursor(line)
	}
	text, _, _ := bytes.Cut(rest, []byte{'"'})
	at, err := rtevent.ParseCursor(string(text))
	return at, err == nil
}

// otherCursor is cursorOf for the servers of others, who may write it elsewhere.
func otherCursor(line []byte) (rtevent.Cursor, bool) {
	if bytes.HasPrefix(line, []byte(`{"rt":"`)) {
		return rtevent.Cursor{}, false
	}
	var e struct {
		RT     string         `json:"rt"`
		Cursor rtevent.Cursor `json:"cursor"`
	}
	if json.Unmarshal(line, &e) != nil || e.RT != "" {
		return rtevent.Cursor{}, false
	}
	return e.Cursor, true
}
