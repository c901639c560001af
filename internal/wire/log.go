// Package wire is how events travel on 3706 and 3707: lines, control words, error codes. Both ends use it.
package wire

import (
	"errors"
	"time"

	"rtevent"
)

// Publication is an event on its way into a journal.
type Publication struct {
	Topic  string
	Source string
	ID     string

	// Line is the event as one JSON object, without a cursor and without a newline. It is not changed by whoever takes
	// the Publication.
	Line []byte
}

// Ack is what a journal says of a Publication, once it is as durable as the journal promises.
type Ack struct {
	Cursor    rtevent.Cursor
	Duplicate bool // the same Source and ID had been stored before; Cursor is that one's
	Err       error
}

// Entry is an event in a journal.
type Entry struct {
	Seq    uint64
	Topic  string
	Stored time.Time

	// Line is the event as it travels: with its cursor and a newline at the end. It is shared: to be read only.
	Line []byte
}

// Bounds are the ends of a journal.
type Bounds struct {
	Epoch  string
	Oldest uint64 // the first number that is still there; Newest+1 when there is none
	Newest uint64 // the last number that was given; 0 before the first
}

// Gap is a hole in a journal, told to whoever reads across it.
type Gap struct {
	After, Before uint64 // the numbers around it that are there
	Reason        string // "trimmed" by retention, "damaged"
}

func (g *Gap) Error() string { return "gap in the journal: " + g.Reason }

// The errors of a journal that a caller tells apart.
var (
	// ErrFull says that there is no room on the disk, or none that retention leaves: try again when there is.
	ErrFull = errors.New("the journal is full")

	// ErrUnavailable says that the engine behind the journal does not answer: try again.
	ErrUnavailable = errors.New("the journal is not available")
)
