// What to make of each Change that the observer tells.

package live

import (
	"context"
	"slices"
	"time"

	"rtevent"
	"rtevent/internal/observe"
)

// take takes one Change. It is quick, for the next one waits.
func (l *Live) take(ctx context.Context, c observe.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outbox.wait(l.stopped.Load)
	c.Listener.Host = l.host
	if about := c.Kind != observe.Lost && c.Kind != observe.Settled; about && l.options.Select != nil && !l.options.Select(c.Listener) {
		return
	}
	switch c.Kind {
	case observe.Opened:
		l.opens(ctx, c)
	case observe.Closed:
		l.closes(c)
	case observe.Held:
		l.held(ctx, c)
	case observe.Failed:
		l.outbox.add(told{rtevent.ListenerFailed, c.At, change(c.Listener, c.Existing)})
	case observe.Lost:
		l.outbox.add(told{rtevent.ListenerGap, c.At, rtevent.ListenerChange{Gap: c.Gap}})
	case observe.Settled:
		l.settle(c)
	}
}

// change is the data of an event that tells of a listener as it is.
func change(listener rtevent.Listener, existing bool) rtevent.ListenerChange {
	return rtevent.ListenerChange{Listener: &listener, Existing: existing}
}

func (l *Live) opens(ctx context.Context, c observe.Change) {
	place := placeOf(&c.Listener)
	e := l.entries[place]
	switch {
	case e == nil:
	case e.before:
		l.confirm(ctx, e, c)
		return
	case e.closing == nil: // an opening that was told twice is another holder
		l.held(ctx, c)
		return
	case l.returns(ctx, e, &c.Listener):
		l.reopen(ctx, e, c)
		return
	default:
		l.outbox.add(*e.closing)
		l.forget(e)
	}
	e = &entry{place: place, existing: c.Existing}
	if !c.Existing {
		e.opened = c.At
	}
	l.begin(e, c.Listener)
	e.told = e.listener
	l.entries[place] = e
	l.outbox.add(told{rtevent.ListenerOpened, c.At, change(e.listener, c.Existing)})
	l.read(ctx, e)
}

// begin starts an entry with what the kernel tells of a listener as it opens.
func (l *Live) begin(e *entry, now rtevent.Listener) {
	e.holders = now.Holders
	e.listener = now
	e.listener.Holders = slices.Clone(now.Holders)
	for i := range e.listener.Holders {
		if o := &e.listener.Holders[i]; o.Unseen == "" {
			o.Unseen = rtevent.NotRead
		}
	}
	e.listener.Claim, e.listener.Finding, e.listener.Verdict = nil, nil, nil
	e.again, e.retried = false, false
	l.alarm(&e.listener)
}

// alarm judges a listener that nobody has read or asked yet, if what the kernel told of it is enough to say that the
// policy does not allow it.
func (l *Live) alarm(listener *rtevent.Listener) {
	if p := l.options.Policy; p != nil && p.Forbids(*listener, time.Now()) {
		l.inspector.Judge(listener)
	}
}

func (l *Live) closes(c observe.Change) {
	e := l.entries[placeOf(&c.Listener)]
	if e == nil || e.closing != nil {
		return // its end was told when the observer lost count of it
	}
	if c.At.Before(e.opened) {
		c.At = e.opened // the kernel's clock may step back a little between processors
	}
	l.tellRestart(e)
	if !e.identified {
		e.listener.Holders = missed(e.listener.Holders)
	}
	end := told{rtevent.ListenerClosed, c.At, change(e.listener, c.Existing)}
	if !e.opened.IsZero() {
		ms := float64(c.At.Sub(e.opened).Microseconds()) / 1000
		end.LivedMS = &ms
		if !e.identified {
			end.kind = rtevent.ListenerShortLived
		}
	}
	l.toRead.remove(e)
	l.toAsk.remove(e)
	e.opening++ // what is being asked just now comes too late
	if l.holdsBack(e, &end) {
		return
	}
	l.outbox.add(end)
	l.forget(e)
}

// missed says of the holders that nobody came to read that it is so.
func missed(holders []rtevent.Owner) []rtevent.Owner {
	holders = slices.Clone(holders)
	for i, o := range holders {
		if o.Unseen == rtevent.NotRead {
			holders[i].Unseen = "its listener was gone before it could be read"
		}
	}
	return holders
}

// forget takes an entry off the list.
func (l *Live) forget(e *entry) {
	if e.closing != nil {
		l.holding--
	}
	delete(l.entries, e.place)
}

func (l *Live) held(ctx context.Context, c observe.Change) {
	e := l.entries[placeOf(&c.Listener)]
	if e == nil || e.closing != nil || e.before {
		c.Kind, c.Existing = observe.Opened, true
		l.opens(ctx, c)
		return
	}
	e.holders = c.Listener.Holders
	l.read(ctx, e)
}

// recall takes over a listener that an earlier run left open.
func (l *Live) recall(b rtevent.Listener) {
	e := &entry{place: placeOf(&b), listener: b, told: b, before: true, existing: true, identified: b.Finding != nil}
	l.entries[e.place] = e
	if b.Finding != nil && b.Finding.NotAsked == "" {
		l.asked.keep(e.place, b.Holders, b.Finding)
	}
}

// confirm sees a listener again that an earlier run left open. What differs is told once it has been read.
func (l *Live) confirm(ctx context.Context, e *entry, c observe.Change) {
	e.before = false
	e.holders = c.Listener.Holders
	l.read(ctx, e)
}

// settled is what the outbox holds in the place of an event once everything that was there has been told.
const settled = "settled"

// settle tells what is not there any more, and the blind spots of this way of watching.
func (l *Live) settle(c observe.Change) {
	for _, e := range l.entries {
		if e.before {
			l.outbox.add(told{rtevent.ListenerClosed, c.At, change(e.listener, true)})
			l.forget(e)
		}
	}
	coverage := l.watch.Coverage()
	for _, g := range coverage.Gaps {
		l.outbox.add(told{rtevent.ListenerGap, c.At, rtevent.ListenerChange{Gap: &g, Existing: true}})
	}
	l.outbox.add(told{kind: settled})
}
