package client

import (
	"fmt"
	"time"

	"encoding/json"

	"rtevent"
	"rtevent/internal/wire"
)

// Error is what a server said no with.
type Error struct {
	Code  int           // 401, 403, 422...
	Name  string        // "bad-event"
	Retry string        // "no", "yes", or "after" the time in After
	After time.Duration //
	Text  string        // for people
}

func (e *Error) Error() string {
	return fmt.Sprintf("the server says %d %s: %s", e.Code, e.Name, e.Text)
}

func errorOf(w wire.Word) *Error {
	return &Error{Code: w.Code, Name: w.Name, Retry: w.Retry, After: time.Duration(w.AfterMS) * time.Millisecond, Text: w.Text}
}

// GapError is a hole in the server's history. A subscription tells it in its place and goes on.
type GapError struct {
	After, Before rtevent.Cursor // the events around it
	Count         uint64         // how many events are missing
	Reason        string         // "trimmed" by retention, "damaged"
}

func (e *GapError) Error() string {
	return fmt.Sprintf("%d events between %s and %s are %s", e.Count, e.After, e.Before, e.Reason)
}

// ResetError says that a subscription cannot go on, or begin, exactly where it was asked to.
type ResetError struct {
	Reason         string // "epoch": another history; "trimmed": too far back; "future": never reached
	Oldest, Newest rtevent.Cursor
}

func (e *ResetError) Error() string {
	return fmt.Sprintf("cannot go on there (%s): the server has %s to %s", e.Reason, e.Oldest, e.Newest)
}

// read decodes a line of the server.
func (n *conn) read(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("the server says %.80q: %w", line, err)
	}
	return nil
}

// cursor reads one that the server wrote. What is no cursor is none.
func cursor(s string) rtevent.Cursor {
	c, _ := rtevent.ParseCursor(s)
	return c
}
