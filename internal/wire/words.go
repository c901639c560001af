package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rtevent"
)

// Protocol is the name of what is spoken, also in ALPN.
const Protocol = "rt-event/1"

// The bounds that both ends know. A server names its own in Ready.
const (
	MaxLine      = 65536 // bytes of a line that a publisher may write, newline included
	MaxDelivered = 1024  // what a delivered line may be longer: its cursor and topic
	MaxTopics    = 64    // filters of a subscription
	MaxToken     = 4096  // bytes of a token
	DefaultMark  = 15 * time.Second
)

// Ready is the server's first line.
type Ready struct {
	RT       string   `json:"rt"`
	Protocol string   `json:"protocol"`
	Software string   `json:"software"`
	Node     string   `json:"node"`
	Epoch    string   `json:"epoch"`
	Seq      uint64   `json:"seq"`
	Oldest   uint64   `json:"oldest"`
	Durable  string   `json:"durable"`
	Max      int      `json:"max"`
	Mark     int      `json:"mark"` // s
	Auth     []string `json:"auth"`
	TLS      int      `json:"tls,omitempty"` // the port where TLS is spoken
	HTTP     string   `json:"http,omitempty"`
	Help     string   `json:"help,omitempty"`
}

// Word is any other control word of the server. Which members it has depends on RT.
type Word struct {
	RT        string   `json:"rt"`
	At        string   `json:"at,omitempty"`     // ok live mark gap ack bye
	After     string   `json:"after,omitempty"`  // gap
	Before    string   `json:"before,omitempty"` // gap
	Count     uint64   `json:"count,omitempty"`  // gap: how many events
	Reason    string   `json:"reason,omitempty"` // gap reset
	Oldest    string   `json:"oldest,omitempty"` // reset
	Newest    string   `json:"newest,omitempty"` // reset
	Source    string   `json:"source,omitempty"` // ack error
	ID        string   `json:"id,omitempty"`     // ack error
	Duplicate bool     `json:"duplicate,omitempty"`
	Code      int      `json:"code,omitempty"` // error bye
	Name      string   `json:"name,omitempty"`
	Retry     string   `json:"retry,omitempty"`
	AfterMS   int      `json:"after_ms,omitempty"`
	Text      string   `json:"text,omitempty"`
	Lines     []string `json:"lines,omitempty"` // help
}

// Pong answers a ping.
type Pong struct {
	RT string          `json:"rt"`
	N  json.RawMessage `json:"n,omitempty"` // the ping's own
}

// Word is the error as the server says it, or as a bye says it.
func (e *Error) Word(rt string) Word {
	return Word{RT: rt, Code: e.Code, Name: e.Name, Retry: e.Retry, AfterMS: e.AfterMS, Text: e.Text, Source: e.Source, ID: e.ID}
}

// Err is the error that a word of the server tells of.
func (w Word) Err() *Error {
	return &Error{Code: w.Code, Name: w.Name, Retry: w.Retry, AfterMS: w.AfterMS, Text: w.Text, Source: w.Source, ID: w.ID}
}

// Line writes a control word as it travels.
func Line(word any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // ">" is what people read most in these lines
	if err := e.Encode(word); err != nil {
		panic(err) // words hold text and numbers
	}
	return b.Bytes()
}

// AppendAck writes the word that answers a stored event, as Line does.
func AppendAck(b []byte, source, id string, a Ack) []byte {
	b = append(b, `{"rt":"ack","at":"`...)
	b = append(b, a.Cursor.Epoch...)
	b = append(b, '.')
	b = strconv.AppendUint(b, a.Cursor.Seq, 10)
	b = appendText(append(b, `","source":`...), source)
	b = appendText(append(b, `,"id":`...), id)
	if a.Duplicate {
		b = append(b, `,"duplicate":true`...)
	}
	return append(b, '}', '\n')
}

// appendText writes a string of JSON; most need no escaping.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			quoted, _ := json.Marshal(s) // text can always be written
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// Kind tells a control word, by its name, from an event, which has none. Both or neither is an error.
func Kind(line []byte) (rt string, fault *Error) {
	s := scanner{text: line}
	var event bool
	err := s.members(func(name string, value []byte) error {
		switch name {
		case "specversion":
			event = true
		case "rt":
			if value[0] != '"' || string(value) == `""` {
				return errors.New("the control word is no string")
			}
			rt = unquote(value)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", Errorf(BadLine, "not one JSON object: %v", err)
	case event == (rt != ""):
		return "", Errorf(BadLine, "want a control word, which has the name \"rt\", or an event, which has \"specversion\"")
	}
	return rt, nil
}

// Request is a control word of a client. Which members it has depends on RT.
type Request struct {
	RT       string
	Client   string   // hello
	Protocol string   // hello
	Token    string   // hello auth
	Topics   []string // sub
	Types    []string // sub
	From     Start    // sub
	Mark     time.Duration
	N        json.RawMessage // ping: any value, as it was said
}

// ReadRequest reads a control word of a client. Members that the word does not have are ignored.
func ReadRequest(line []byte) (Request, *Error) {
	var r Request
	var fault *Error
	s := scanner{text: line}
	err := s.members(func(name string, value []byte) error {
		if f := r.set(name, value); f != nil && fault == nil {
			fault = f
		}
		return nil
	})
	if err != nil {
		return r, Errorf(BadLine, "not one JSON object: %v", err)
	}
	return r, fault
}

func (r *Request) set(name string, value []byte) *Error {
	var err error
	switch name {
	case "rt":
		err = json.Unmarshal(value, &r.RT)
	case "client":
		err = json.Unmarshal(value, &r.Client)
	case "protocol":
		if err = json.Unmarshal(value, &r.Protocol); err == nil && r.Protocol != Protocol && r.RT == "hello" {
			return Errorf(BadVersion, "%.40q is not spoken here: want %q", r.Protocol, Protocol)
		}
	case "token":
		if err = json.Unmarshal(value, &r.Token); err == nil && len(r.Token) > MaxToken {
			err = errors.New("it is too long")
		}
	case "topics":
		err = json.Unmarshal(value, &r.Topics)
	case "types":
		err = json.Unmarshal(value, &r.Types)
	case "n":
		r.N = slices.Clone(value)
	case "mark":
		var seconds int
		err = json.Unmarshal(value, &seconds)
		r.Mark = time.Duration(min(max(seconds, 1), 300)) * time.Second
	case "from":
		var from string
		if err = json.Unmarshal(value, &from); err == nil {
			r.From, err = ParseStart(from)
		}
	}
	if err != nil {
		if name == "token" {
			err = errors.New("want a string of at most 4096 bytes") // and never the token
		}
		return Errorf(BadLine, "%s: %v", name, err)
	}
	return nil
}

// CheckFilters says why the topics and types of a subscription are refused.
func (r Request) CheckFilters() *Error {
	if len(r.Topics) > MaxTopics || len(r.Types) > MaxTopics {
		return Errorf(TooManyTopics, "%d topics and %d types: want %d at most of each", len(r.Topics), len(r.Types), MaxTopics)
	}
	for _, t := range r.Topics {
		if err := rtevent.CheckFilter(t); err != nil {
			return Errorf(BadTopic, "%v", err)
		}
	}
	return nil
}

// Start is where a subscription begins.
type Start struct {
	Where  string         // "live", "oldest", "state", "after" Cursor or "at" Time
	Cursor rtevent.Cursor //
	Time   time.Time      // when the journal stored the first event
}

// ParseStart reads what a subscription's "from" says. Empty text is live.
func ParseStart(s string) (Start, error) {
	switch s {
	case "", "live":
		return Start{Where: "live"}, nil
	case "oldest", "state":
		return Start{Where: s}, nil
	}
	if at, err := rtevent.ParseCursor(s); err == nil {
		return Start{Where: "after", Cursor: at}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Start{}, fmt.Errorf("%.80q is no place to start: want live, oldest, state, a cursor or a time as in RFC 3339", s)
	}
	return Start{Where: "at", Time: at}, nil
}

// String writes what ParseStart reads.
func (s Start) String() string {
	switch s.Where {
	case "after":
		return s.Cursor.String()
	case "at":
		return s.Time.UTC().Format(time.RFC3339Nano)
	case "":
		return "live"
	}
	return s.Where
}
