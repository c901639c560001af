// This file is what the journal has of one port.

package page

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rtevent"
	"rtevent/internal/words"
)

// mostHistory is how many events of a port are shown at most, the newest.
const mostHistory = 60

// history is the events of a port, the newest first, and when something listened on it.
type history struct {
	Events []happening
	More   int // older ones that are left out
	Spans  []span
	From   time.Time // what the spans are drawn from
	To     time.Time
}

// span is a time during which something listened, drawn from X to X+Width of a thousand.
type span struct {
	X, Width, Row int
	Open          bool // it still listens
	Words         string
}

// Y is where the span is drawn.
func (s span) Y() int { return 12*s.Row + 2 }

// Height is that of the picture.
func (h history) Height() int {
	rows := 0
	for _, s := range h.Spans {
		rows = max(rows, s.Row+1)
	}
	return 12 * rows
}

func (p *Page) history(ctx context.Context, port uint16, now time.Time) (history, error) {
	var all []happening
	var changes []change
	for e, err := range p.Source.ReadTopic(ctx, max(p.Source.Bounds().Oldest, 1)-1, topicsOf(port)) {
		if err := asideGap(err); err != nil {
			return history{}, fmt.Errorf("read the history of port %d: %w", port, err)
		}
		if err != nil {
			continue
		}
		all = append(all, newHappening(e))
		if c, ok := readChange(e.Line); ok {
			changes = append(changes, c)
		}
		if len(all) > 20*mostHistory { // a port that flaps must not hold it all
			all, changes = slices.Delete(all, 0, 10*mostHistory), changes[min(len(changes), 10*mostHistory):]
		}
	}
	h := history{Events: all, Spans: spans(changes, now), To: now}
	if len(all) > mostHistory {
		h.More, h.Events = len(all)-mostHistory, all[len(all)-mostHistory:]
	}
	if len(all) > 0 {
		h.From = all[0].Time
	}
	slices.Reverse(h.Events)
	return h, nil
}

// spans draws when each listener was there, a line each.
func spans(changes []change, now time.Time) []span {
	const most = 12 // lines
	if len(changes) == 0 {
		return nil
	}
	from := changes[0].Time
	whole := max(now.Sub(from), time.Second)
	at := func(t time.Time) int { return int(min(max(1000*t.Sub(from)/whole, 0), 1000)) }
	var lines []string
	open := map[string]int{} // by topic
	var drawn []span
	for _, c := range changes {
		line := slices.Index(lines, c.Topic)
		if line < 0 && c.listens() && len(lines) < most {
			line, lines = len(lines), append(lines, c.Topic)
		}
		i, there := open[c.Topic]
		switch {
		case line < 0 || c.Type == rtevent.ListenerFailed:
		case c.listens() && !there:
			open[c.Topic] = len(drawn)
			drawn = append(drawn, span{X: at(c.Time), Row: line, Open: true, Words: words.Printable(words.Endpoint(*c.Data.Listener)) + " from " + clock(c.Time)})
		case !c.listens() && there:
			s := &drawn[i]
			s.Width, s.Open = max(at(c.Time)-s.X, 3), false
			s.Words += " to " + clock(c.Time)
			delete(open, c.Topic)
		}
	}
	for i := range drawn {
		if drawn[i].Open {
			drawn[i].Width = max(1000-drawn[i].X, 3)
			drawn[i].Words += ", still there"
		}
	}
	return drawn
}
