// The finding: what all that was asked and heard amounts to, and the evidence for it.

package identify

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rtevent"
	"rtevent/internal/protocol"
)

// Bounds of what a finding holds.
const (
	mostEvidence = 8   // exchanges
	longText     = 200 // bytes of any one text
)

// reading is what readers made of one exchange.
type reading struct {
	rtevent.Finding
	of *exchange
}

// finding sums up the inquiry.
func (q *inquiry) finding() rtevent.Finding {
	readings := q.readings()
	f := rtevent.Finding{Confidence: rtevent.None, Behaviour: q.behaviour()}
	switch {
	case len(readings) > 0:
		f = merged(readings)
		f.Behaviour = rtevent.Answers
	case q.echo() != nil:
		f.Protocol, f.Confidence = "echo", rtevent.Strong
	}
	if x := q.handshake(); x != nil {
		f.TLS = x.tls
		if f.Protocol == "" {
			f.Protocol, f.Confidence = "tls", rtevent.Strong
		}
		if x.tls.ALPN == "h2" && f.Protocol == "tls" {
			f.Protocol, f.Behaviour = "http", rtevent.Answers // the handshake itself names it
		}
	}
	f.StartTLS = q.started()
	f.Evidence = q.evidence(readings)
	f.Tried = q.tried
	f.Connections = q.connections()
	f.TookMS = max(time.Since(q.began).Milliseconds(), 1)
	scrub(&f)
	return f
}

// readings are all that count, the best first. What is inside TLS counts alone; strong before weak, who was asked in its
// own words before who gave itself away, what tells most before what tells less; then the order in which they were asked.
func (q *inquiry) readings() []reading {
	var all []reading
	for i := range q.done {
		x := &q.done[i]
		if q.secured && x.tls == nil || x.echoes() {
			continue
		}
		for _, f := range x.read {
			if q.pretended(f, *x) {
				f.Confidence = rtevent.Weak
			}
			if !q.contradicted(f) {
				all = append(all, reading{f, x})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b reading) int {
		return cmp.Or(-compare(a.strong(), b.strong()), -compare(a.own(), b.own()), protocol.Order(a.Finding, b.Finding))
	})
	return all
}

func (r reading) strong() bool { return r.Confidence == rtevent.Strong }

func (r reading) own() bool { return r.of.words != nil && r.of.words.Name == r.Protocol }

// compare puts false before true.
func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// pretended tells a reading of a protocol whose servers greet, where nobody greeted who was waited for: the greeting came
// only as an answer to another's words.
func (q *inquiry) pretended(f rtevent.Finding, x exchange) bool {
	d := protocol.Lookup(f.Protocol)
	return x.provoked(d) && slices.ContainsFunc(q.layer(), func(other exchange) bool {
		return (other.words == d || other.sent == "") && other.heard == "" && other.end == quiet
	})
}

// contradicted tells a reading that did not hold: of an echo, that something else came back at times. Of a weak one, that
// asked in its own words the peer answered as no such server would, or that it says the same to everything.
func (q *inquiry) contradicted(f rtevent.Finding) bool {
	switch {
	case f.Protocol == "echo":
		return q.alters()
	case f.Confidence == rtevent.Strong:
		return false
	}
	return q.sameAnswer() || slices.ContainsFunc(q.done, func(x exchange) bool {
		return x.end != left && x.end != unopened && x.words != nil && x.words.Name == f.Protocol &&
			!slices.ContainsFunc(x.read, func(r rtevent.Finding) bool { return r.Protocol == f.Protocol })
	})
}

// merged is the best reading, with what the other readings of the same protocol add.
func merged(readings []reading) rtevent.Finding {
	var all []rtevent.Finding
	for _, r := range readings {
		all = append(all, r.Finding)
	}
	return protocol.Merge(all)
}

// handshake is the exchange whose handshake tells most; nil if there is none.
func (q *inquiry) handshake() *exchange {
	var best *exchange
	for i := range q.done {
		if x := &q.done[i]; x.tls != nil && (best == nil || best.tls.ALPN == "" && x.tls.ALPN != "") {
			best = x
		}
	}
	return best
}

// started is what a handshake in the middle of a conversation told; nil if there was none.
func (q *inquiry) started() *rtevent.TLS {
	for _, x := range q.done {
		if x.started != nil && x.tls == nil {
			return x.started
		}
	}
	return nil
}

func (q *inquiry) echo() *exchange {
	i := slices.IndexFunc(q.done, exchange.echoes)
	if i < 0 || q.alters() {
		return nil
	}
	return &q.done[i]
}

// connections counts those that the peer accepted.
func (q *inquiry) connections() int {
	n := 0
	for _, x := range q.done {
		if x.end != unopened {
			n++
		}
	}
	return n
}

// evidence shows the exchanges: first the one that the finding rests on, then the others as they went.
func (q *inquiry) evidence(readings []reading) []rtevent.Evidence {
	var all []rtevent.Evidence
	var shown *exchange
	if len(readings) > 0 {
		shown = readings[0].of
		for _, e := range readings[0].Evidence {
			e.Asked, e.Sent = shown.way.name, quoted(shown.sent)
			all = append(all, e)
		}
	}
	for i := range q.done {
		x := &q.done[i]
		if x == shown || x.end == left && x.heard == "" || len(all) >= mostEvidence {
			continue
		}
		if len(readings) > 0 && x.heard == "" && x.end == quiet {
			continue // silence says nothing where somebody spoke
		}
		all = append(all, x.evidence())
	}
	return all
}

func (x *exchange) evidence() rtevent.Evidence {
	return rtevent.Evidence{Asked: x.way.name, Sent: quoted(x.sent), Saw: quoted(x.heard), Says: x.says()}
}

// says puts in words how an exchange went.
func (x *exchange) says() string {
	var says []string
	if x.echoes() {
		says = append(says, "returned what it was sent")
	} else if len(x.read) > 0 {
		says = append(says, "reads as "+x.read[0].Protocol)
	}
	if x.tls != nil && x.tls.ALPN != "" {
		says = append(says, "agreed on "+x.tls.ALPN)
	}
	switch x.end {
	case quiet:
		if x.heard == "" {
			says = append(says, fmt.Sprintf("said nothing in %v", x.took.Round(10*time.Millisecond)))
		}
	case talking:
		says = append(says, fmt.Sprintf("was still talking after %v", x.took.Round(10*time.Millisecond)))
	case full:
		says = append(says, "said more than "+strconv.Itoa(mostHeard>>10)+" KiB")
	case closed:
		says = append(says, "closed the connection")
	case reset:
		says = append(says, "broke the connection")
	case unopened:
		says = append(says, "not connected")
	}
	if x.why != "" {
		says = append(says, x.why)
	}
	return strings.Join(says, ": ")
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return protocol.Saw(s)
}

// scrub is the last guard: whatever a reader let through, no text of a finding can move a terminal's cursor or be longer
// than a line.
func scrub(f *rtevent.Finding) {
	for _, s := range []*string{&f.Protocol, &f.Product, &f.Version} {
		*s = clean(*s, longText)
	}
	for name, value := range f.Details {
		f.Details[name] = clean(value, longText)
	}
	for i := range f.Evidence {
		e := &f.Evidence[i]
		e.Sent, e.Saw, e.Says = clean(e.Sent, longText), clean(e.Saw, longText), clean(e.Says, longText)
	}
}

// clean makes text of hostile bytes: escaped as in a Go string where it must be, and cut.
func clean(s string, most int) string {
	if len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	s = strconv.Quote(s[:min(len(s), most)])
	return s[1 : len(s)-1]
}
