package view

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/words"
)

// logged is how many events the view keeps.
const logged = 1000

// Board is what is known at one moment: the listeners, and what happened last. It takes events as fast as they come; the
// screen looks at it when it has time. It is safe for concurrent use.
type Board struct {
	mu       sync.Mutex
	rows     map[string]row // by topic
	log      []line         // a ring of the last ones
	next     int            // where the next one goes
	count    int            // of all events so far
	coverage *rtevent.Coverage
	changed  chan struct{} // something did
}

// NewBoard makes an empty Board.
func NewBoard() *Board {
	return &Board{rows: map[string]row{}, changed: make(chan struct{}, 1)}
}

// row is one listener, with all its texts in one for the search.
type row struct {
	topic    string
	listener rtevent.Listener
	text     string
}

// line is one event.
type line struct {
	topic, kind string
	at          time.Time
	change      rtevent.ListenerChange
	text        string
}

// Take takes an event of a listener.
func (b *Board) Take(e rtevent.Event, c rtevent.ListenerChange) {
	n := line{topic: e.Topic, kind: e.Type, at: e.Time, change: c}
	n.text = strings.ToLower(n.what())
	b.mu.Lock()
	if len(b.log) < logged {
		b.log = append(b.log, n)
	} else {
		b.log[b.next] = n
	}
	b.next = (b.next + 1) % logged
	b.count++
	switch {
	case c.Listener == nil: // a gap, or an event that somebody else made under our name
	case e.Type == rtevent.ListenerOpened, e.Type == rtevent.ListenerIdentified, e.Type == rtevent.ListenerChanged:
		r := row{topic: e.Topic, listener: *c.Listener}
		r.text = strings.ToLower(strings.Join(r.cells(), " "))
		b.rows[e.Topic] = r
	case e.Type == rtevent.ListenerClosed, e.Type == rtevent.ListenerShortLived:
		delete(b.rows, e.Topic)
	}
	b.mu.Unlock()
	b.wake()
}

// Settled says that everything that was there at the beginning has been told.
func (b *Board) Settled(c rtevent.Coverage) {
	b.mu.Lock()
	b.coverage = &c
	b.mu.Unlock()
	b.wake()
}

func (b *Board) wake() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// sight is a copy of what the Board knows.
type sight struct {
	rows     []row  // by port
	log      []line // the newest first
	count    int
	coverage *rtevent.Coverage
}

func (b *Board) look() sight {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := sight{count: b.count, coverage: b.coverage, rows: make([]row, 0, len(b.rows)), log: make([]line, 0, len(b.log))}
	for _, r := range b.rows {
		s.rows = append(s.rows, r)
	}
	slices.SortFunc(s.rows, func(x, y row) int {
		return cmp.Or(cmp.Compare(x.listener.Port, y.listener.Port), cmp.Compare(x.topic, y.topic))
	})
	for i := range b.log {
		s.log = append(s.log, b.log[(b.next-1-i+2*logged)%len(b.log)])
	}
	return s
}

// cells are the texts of a listener: port, address, what it speaks, who holds it, the verdict.
func (r row) cells() []string {
	l := r.listener
	protocol, rest := words.Speaks(l.Transport, l.Finding)
	name, held := words.Who(l)
	verdict := ""
	if l.Verdict != nil {
		verdict = words.Label(l.Verdict.Label) + words.Marks(l.Verdict)
	} else if l.Finding == nil {
		protocol, rest = "…", nil // it is being asked
	}
	return []string{
		l.PortName(), words.Where(l), strings.TrimSpace(words.Printable(protocol) + " " + words.Phrases(0, rest...)),
		strings.TrimSpace(words.Printable(name) + " " + words.Phrases(0, held...)), verdict,
	}
}

// what tells the event: what happened, where, and to whom.
func (n line) what() string {
	where := ""
	if l := n.change.Listener; l != nil {
		where = l.PortName() + " " + words.Where(*l) + " "
	}
	return words.Printable(words.Kind(n.kind)) + " " + where + words.Phrases(0, words.Happened(n.kind, n.change)...)
}
