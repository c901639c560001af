// This file goes back in time: what listened when an event had just come.

package page

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"

	"rtevent"
	"rtevent/internal/wire"
)

// past says which moment is shown.
type past struct {
	At            rtevent.Cursor
	First, Newest uint64
	Event         *happening // the one that had just come; nil when it is no longer there
	Before, After rtevent.Cursor
}

// moment is what the address asks for: the state at its "at", else now.
func (p *Page) moment(r *http.Request) (moment, *past, error) {
	place := r.URL.Query().Get("at")
	if place == "" {
		m, err := p.mirror.now(r.Context())
		return m, nil, err
	}
	bounds := p.Source.Bounds()
	seq, err := p.place(r.Context(), bounds, place)
	if err != nil {
		return moment{}, nil, err
	}
	entries, err := p.Source.StateAt(r.Context(), seq, ofListener)
	if err != nil {
		return moment{}, nil, fmt.Errorf("read the state of the journal at %d: %w", seq, err)
	}
	states, err := folded(entries)
	if err != nil {
		return moment{}, nil, err
	}
	at := rtevent.Cursor{Epoch: bounds.Epoch, Seq: seq}
	then := &past{At: at, First: bounds.Oldest, Newest: bounds.Newest}
	if seq > bounds.Oldest {
		then.Before = rtevent.Cursor{Epoch: bounds.Epoch, Seq: seq - 1}
	}
	if seq < bounds.Newest {
		then.After = rtevent.Cursor{Epoch: bounds.Epoch, Seq: seq + 1}
	}
	if e, ok, err := p.entry(r.Context(), seq); err != nil {
		return moment{}, nil, err
	} else if ok {
		h := newHappening(e)
		if !ofListener(e.Topic) { // whoever looks at listeners need not be allowed to read it
			h.Name, h.Words = "", "an event that is no listener's"
		}
		then.Event = &h
	}
	return moment{at, inOrder(maps.Values(states))}, then, nil
}

// place reads a moment: a cursor, the number of an event, or a time.
func (p *Page) place(ctx context.Context, bounds wire.Bounds, s string) (uint64, error) {
	seq, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		if cursor, bad := rtevent.ParseCursor(s); bad == nil {
			if cursor.Epoch != bounds.Epoch {
				return 0, gone("%s is of another journal than the one of now, which is %s: its history is gone", cursor, bounds.Epoch)
			}
			seq, err = cursor.Seq, nil
		}
	}
	if err != nil {
		t, ok := parseTime(s)
		if !ok {
			return 0, badRequest("%.40q is no moment: give a cursor, the number of an event, or a time", s)
		}
		if seq, err = p.Source.After(ctx, t); err != nil {
			return 0, err
		}
	}
	if seq+1 < bounds.Oldest {
		return 0, gone("event %d is no longer kept: the oldest is %d", seq, bounds.Oldest)
	}
	return min(seq, bounds.Newest), nil
}

// parseTime reads a time as a form or a person writes it.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// entry reads one event.
func (p *Page) entry(ctx context.Context, seq uint64) (wire.Entry, bool, error) {
	if seq == 0 {
		return wire.Entry{}, false, nil
	}
	for e, err := range p.Source.Read(ctx, seq-1) {
		if err != nil || e.Seq != seq {
			return wire.Entry{}, false, asideGap(err)
		}
		return e, true, nil
	}
	return wire.Entry{}, false, nil
}
