// This file is the journal as a timeline and a list, and one event by itself.

package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/wire"
	"rtevent/internal/words"
)

// The bounds of what one look at the journal reads.
const (
	perList    = 100  // events of a list
	perWindow  = 2000 // numbers that are read at once
	mostWindow = 10   // windows of one look: whoever filters for what is rare goes on by hand
)

// eventsView is what events.html shows.
type eventsView struct {
	frame
	At     rtevent.Cursor // the newest
	Bounds wire.Bounds
	Topic  string
	Kind   string
	Kinds  []string
	Bad    string
	Events []happening
	Bars   []bar
	From   time.Time // of the bars
	To     time.Time
	Newest string // the address of the newest page; empty when this is it
	Older  string
	Query  string
}

// kinds are the types of events of listeners, without what all begin with.
var kinds = []string{"opened", "identified", "changed", "closed", "short-lived", "failed", "gap"}

func (p *Page) events(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := eventsView{frame: p.frame("events", "Events"), Bounds: p.Source.Bounds(), Topic: words.Printable(q.Get("topic")), Kind: words.Printable(q.Get("type")), Kinds: kinds}
	v.At = rtevent.Cursor{Epoch: v.Bounds.Epoch, Seq: v.Bounds.Newest}
	v.Kind = strings.TrimPrefix(v.Kind, "rtevent.listener.")
	if v.Topic != "" {
		if err := rtevent.CheckFilter(v.Topic); err != nil {
			v.Bad = words.Printable(err.Error())
		}
	}
	before := v.Bounds.Newest + 1
	if n, err := strconv.ParseUint(q.Get("before"), 10, 64); err == nil && n <= v.Bounds.Newest {
		before, v.Newest = n, with(q, "before", "")
	}
	found, next, err := p.backwards(r.Context(), before, v.wants)
	if err != nil {
		return err
	}
	v.Bars, v.From, v.To = bars(found, q)
	for _, g := range found[max(0, len(found)-perList):] {
		v.Events = append(v.Events, newHappening(g.entry))
	}
	if len(v.Events) < len(found) {
		next = found[len(found)-perList].entry.Seq
	}
	if next > v.Bounds.Oldest {
		v.Older = with(q, "before", strconv.FormatUint(next, 10))
	}
	slices.Reverse(v.Events)
	v.Query = with(q, "before", "")
	return p.html(w, r, http.StatusOK, "events.html", v)
}

// wants tells whether an event passes the filter.
func (v *eventsView) wants(g glimpse) bool {
	return (v.Topic == "" || v.Bad != "" || rtevent.MatchTopic(v.Topic, g.entry.Topic)) && (v.Kind == "" || v.Kind == g.kind || v.Kind == g.full)
}

// glimpse is an event of which no more is read than what a timeline needs.
type glimpse struct {
	entry      wire.Entry
	kind, full string // its type, without and with what all types of listeners' events begin with
}

func newGlimpse(e wire.Entry) glimpse {
	full := wire.TypeOf(e.Line)
	return glimpse{e, strings.TrimPrefix(full, "rtevent.listener."), full}
}

// backwards finds the events before a number that are wanted, in the order of numbers, and where to go on further back:
// a window's worth, or what several windows hold until there are enough for a list.
func (p *Page) backwards(ctx context.Context, before uint64, wants func(g glimpse) bool) ([]glimpse, uint64, error) {
	oldest := max(p.Source.Bounds().Oldest, 1)
	var found []glimpse
	for range mostWindow {
		if before <= oldest || len(found) >= perList {
			break
		}
		first := max(oldest, before-min(before, perWindow))
		var window []glimpse
		for e, err := range p.Source.Read(ctx, first-1) {
			if err := asideGap(err); err != nil {
				return nil, 0, fmt.Errorf("read the journal after %d: %w", first-1, err)
			}
			if err != nil {
				continue
			}
			if e.Seq >= before {
				break
			}
			if g := newGlimpse(e); wants(g) {
				window = append(window, g)
			}
		}
		found, before = append(window, found...), first
	}
	return found, before, nil
}

// bar counts the events of a stretch of time, as shares of a hundred of the highest bar, from the ground up.
type bar struct {
	X, Y, Height int // of the whole bar; X in units of the bar's width
	Opened       int // the height of each part
	Changed      int
	Closed       int
	OpenedY      int
	ChangedY     int
	ClosedY      int
	Words        string
	Link         string // the list that ends with it
}

// mostBars is how many stretches the timeline has.
const mostBars = 72

func bars(events []glimpse, q url.Values) (drawn []bar, from, to time.Time) {
	if len(events) == 0 {
		return nil, from, to
	}
	from, to = events[0].entry.Stored, events[0].entry.Stored
	for _, g := range events {
		if g.entry.Stored.Before(from) {
			from = g.entry.Stored
		}
		if g.entry.Stored.After(to) {
			to = g.entry.Stored
		}
	}
	whole := max(to.Sub(from), time.Second)
	type count struct {
		opened, changed, closed int
		last                    uint64
	}
	counts := make([]count, mostBars)
	most := 1
	for _, g := range events {
		c := &counts[min(int(int64(mostBars)*int64(g.entry.Stored.Sub(from))/int64(whole)), mostBars-1)]
		switch g.kind {
		case "opened":
			c.opened++
		case "closed", "short-lived":
			c.closed++
		default:
			c.changed++
		}
		c.last = max(c.last, g.entry.Seq)
		most = max(most, c.opened+c.changed+c.closed)
	}
	for i, c := range counts {
		all := c.opened + c.changed + c.closed
		if all == 0 {
			continue
		}
		part := func(n int) int { return (100*n + most - 1) / most }
		b := bar{X: i, Opened: part(c.opened), Changed: part(c.changed), Closed: part(c.closed), Link: with(q, "before", strconv.FormatUint(c.last+1, 10))}
		b.Height = b.Opened + b.Changed + b.Closed
		b.Y = 106 - b.Height
		b.OpenedY, b.ChangedY, b.ClosedY = 106-b.Opened, 106-b.Opened-b.Changed, 106-b.Height
		b.Words = fmt.Sprintf("%s: %d opened, %d closed, %d other", clock(from.Add(whole*time.Duration(i)/mostBars)), c.opened, c.closed, c.changed)
		drawn = append(drawn, b)
	}
	return drawn, from, to
}

// eventView is what event.html shows.
type eventView struct {
	frame
	Event  happening
	Stored time.Time
	Source string
	ID     string
	Lines  []string // the event as it travels, set out
	Before rtevent.Cursor
	After  rtevent.Cursor
}

func (p *Page) event(w http.ResponseWriter, r *http.Request) error {
	cursor, err := rtevent.ParseCursor(r.PathValue("cursor"))
	if err != nil {
		return notFound("%.40q is no cursor", r.PathValue("cursor"))
	}
	bounds := p.Source.Bounds()
	switch {
	case cursor.Epoch != bounds.Epoch:
		return gone("%s is of another journal than the one of now, which is %s: its history is gone", cursor, bounds.Epoch)
	case cursor.Seq > bounds.Newest || cursor.Seq == 0:
		return notFound("there is no event %d yet: the newest is %d", cursor.Seq, bounds.Newest)
	case cursor.Seq < bounds.Oldest:
		return gone("event %d is no longer kept: the oldest is %d", cursor.Seq, bounds.Oldest)
	}
	e, ok, err := p.entry(r.Context(), cursor.Seq)
	if err != nil {
		return err
	}
	if !ok {
		return gone("event %d is no longer there", cursor.Seq)
	}
	var event rtevent.Event
	if err := json.Unmarshal(e.Line, &event); err != nil {
		return fmt.Errorf("read event %s: %w", cursor, err)
	}
	if wantsJSON(r) {
		return send(w, r, http.StatusOK, "application/cloudevents+json", jsonLine(event))
	}
	h := newHappening(e)
	v := eventView{frame: p.frame("events", "Event "+cursor.String()), Event: h, Stored: e.Stored, Source: words.Printable(event.Source), ID: words.Printable(event.ID), Lines: setOut(e.Line)}
	if cursor.Seq > max(bounds.Oldest, 1) {
		v.Before = rtevent.Cursor{Epoch: cursor.Epoch, Seq: cursor.Seq - 1}
	}
	if cursor.Seq < bounds.Newest {
		v.After = rtevent.Cursor{Epoch: cursor.Epoch, Seq: cursor.Seq + 1}
	}
	return p.html(w, r, http.StatusOK, "event.html", v)
}

// setOut writes JSON over several lines, each printable.
func setOut(line []byte) []string {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(line), "", "  ") != nil {
		return []string{words.Printable(string(line))}
	}
	return printables(strings.Split(b.String(), "\n"))
}
