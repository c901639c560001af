package rtevent

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event is something that happened, as a CloudEvent 1.0. Listeners' changes are Events, and so is whatever anybody
// publishes.
type Event struct {
	ID     string // with Source it names the Event: the same pair is the same Event
	Source string // a URI reference: "//web1"
	Type   string // "rtevent.listener.opened"

	// Topic is where the Event is filed: dotted tokens. The last Event of every Topic is the state of the world.
	Topic string

	// Cursor is the Event's place in a journal; zero before it has one.
	Cursor Cursor

	Time            time.Time // when it happened; zero if the source does not say
	Subject         string
	DataContentType string // empty means application/json
	DataSchema      string

	// Data is the payload, in JSON where DataContentType says so. A payload that is no JSON is a JSON string here, and
	// binary data is in DataBase64 instead.
	Data       json.RawMessage
	DataBase64 []byte

	// Extensions are the further attributes, by name: strings, booleans and integers.
	Extensions map[string]any
}

// The types of the Events that tell of Listeners; the data of each is a ListenerChange. What is told of one Listener
// comes in the order in which it happened: it opens, may be identified and change, and closes or was short-lived.
const (
	ListenerOpened     = "rtevent.listener.opened"
	ListenerIdentified = "rtevent.listener.identified"  // it was asked what it speaks, or why not is known
	ListenerChanged    = "rtevent.listener.changed"     // its owner, finding or verdict differs
	ListenerClosed     = "rtevent.listener.closed"      //
	ListenerShortLived = "rtevent.listener.short-lived" // opened and gone before it could be asked
	ListenerGap        = "rtevent.listener.gap"         // something was or may have been missed

	// ListenerFailed tells of a program that asked to listen and was refused, because somebody else has the port. It
	// says nothing of that one; its topic is the Listener's with ".failed" after it.
	ListenerFailed = "rtevent.listener.failed"
)

// Cursor is a place in a journal: the number of an Event within an epoch. The epoch changes whenever acknowledged
// history may have been lost, so that no number is ever given to two Events.
type Cursor struct {
	Epoch string // lower-case letters and digits
	Seq   uint64 // counted from 1
}

// IsZero tells whether it is no place at all.
func (c Cursor) IsZero() bool { return c == Cursor{} }

// String writes it as it travels: "k3f9q2.1042".
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	return c.Epoch + "." + strconv.FormatUint(c.Seq, 10)
}

// MarshalText writes it as String does.
func (c Cursor) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (c *Cursor) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*c = Cursor{}
		return nil
	}
	*c, err = ParseCursor(string(b))
	return err
}

// ParseCursor reads what String wrote.
func ParseCursor(s string) (Cursor, error) {
	epoch, number, ok := strings.Cut(s, ".")
	seq, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || !validEpoch(epoch) || number != strconv.FormatUint(seq, 10) {
		return Cursor{}, fmt.Errorf("cursor %q: want EPOCH.NUMBER, as in k3f9q2.1042", s)
	}
	return Cursor{Epoch: epoch, Seq: seq}, nil
}

func validEpoch(s string) bool {
	if len(s) < 4 || len(s) > 16 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
