package wire

import "fmt"

// Error is what is wrong with what the other side said, or why it is not served. Both ends act on Code and Retry alone;
// Text is for people.
type Error struct {
	Code    int    `json:"code"`
	Name    string `json:"name"`
	Retry   string `json:"retry"` // "no", "yes", or "after" AfterMS
	AfterMS int    `json:"after_ms,omitempty"`
	Text    string `json:"text"`

	// Source and ID name the event that is refused, as far as they could be read.
	Source string `json:"source,omitempty"`
	ID     string `json:"id,omitempty"`
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Name, e.Text) }

// The error codes. Where HTTP has a status of the same meaning the number is that.
const (
	BadLine           = 400
	Unauthenticated   = 401
	Forbidden         = 403
	UnknownWord       = 404
	TooSlow           = 408
	AlreadySubscribed = 409
	TooLong           = 413
	BadEvent          = 422
	BadTopic          = 423
	TooFast           = 429
	TooManyTopics     = 431
	Internal          = 500
	Unavailable       = 503
	BadVersion        = 505
	Full              = 507
)

// errorTable gives every code its name and what a client does about it.
var errorTable = map[int]struct {
	name, retry string
	afterMS     int
}{
	BadLine:           {name: "bad-line", retry: "no"},
	Unauthenticated:   {name: "unauthenticated", retry: "no"},
	Forbidden:         {name: "forbidden", retry: "no"},
	UnknownWord:       {name: "unknown-word", retry: "no"},
	TooSlow:           {name: "too-slow", retry: "yes"},
	AlreadySubscribed: {name: "already-subscribed", retry: "no"},
	TooLong:           {name: "too-long", retry: "no"},
	BadEvent:          {name: "bad-event", retry: "no"},
	BadTopic:          {name: "bad-topic", retry: "no"},
	TooFast:           {name: "too-fast", retry: "after", afterMS: 1000},
	TooManyTopics:     {name: "too-many-topics", retry: "no"},
	Internal:          {name: "internal", retry: "yes"},
	Unavailable:       {name: "unavailable", retry: "after", afterMS: 1000},
	BadVersion:        {name: "bad-version", retry: "no"},
	Full:              {name: "full", retry: "after", afterMS: 5000},
}

// Errorf makes the error of a code.
func Errorf(code int, format string, args ...any) *Error {
	row, known := errorTable[code]
	if !known {
		row = errorTable[Internal]
	}
	return &Error{Code: code, Name: row.name, Retry: row.retry, AfterMS: row.afterMS, Text: fmt.Sprintf(format, args...)}
}

// Of returns the error with the name of the event that it is about.
func (e Error) Of(source, id string) *Error {
	e.Source, e.ID = source, id
	return &e
}
