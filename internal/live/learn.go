// Reading who holds a listener and asking what it speaks, each in its turn.

package live

import (
	"context"
	"slices"
	"time"

	"rtevent"
)

const (
	// readAtOnce is how many listeners are read in one pass: the package databases are searched once for all of them.
	readAtOnce = 64

	// askAtOnce is how many listeners are asked side by side, and askOfOne how many of one process; the asker itself bounds
	// their connections.
	askAtOnce = 16
	askOfOne  = 2

	// youth is how old a process may be for its silence to mean that it is not ready yet; later is when it is asked
	// again, once.
	youth = 10 * time.Second
	later = 5 * time.Second
)

// turn is one entry in work: what was known of it then.
type turn struct {
	entry   *entry
	opening int
	lane    *lane // of those that ask
}

// current tells whether the entry is still the listener that the turn was for.
func (l *Live) current(t turn) bool {
	return l.entries[t.entry.place] == t.entry && t.entry.opening == t.opening
}

// read has a listener's holders read.
func (l *Live) read(ctx context.Context, e *entry) {
	l.toRead.push(e)
	if !l.reading && !l.stopped.Load() {
		l.reading = true
		l.workers.Go(func() { l.readAll(ctx) })
	}
}

// readAll reads until nobody waits.
func (l *Live) readAll(ctx context.Context) {
	for {
		turns, listeners := l.nextToRead()
		if len(turns) == 0 {
			return
		}
		l.attributor.Fill(ctx, listeners)
		l.mu.Lock()
		for i, t := range turns {
			if l.current(t) {
				t.entry.listener.Holders = listeners[i].Holders
				l.ask(ctx, t.entry)
			}
		}
		l.mu.Unlock()
	}
}

func (l *Live) nextToRead() (turns []turn, listeners []rtevent.Listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(turns) < readAtOnce && !l.stopped.Load() {
		e, lane := l.toRead.pop()
		if e == nil {
			break
		}
		l.toRead.done(lane) // one pass reads them all
		turns = append(turns, turn{entry: e, opening: e.opening})
		listener := e.listener
		listener.Holders = slices.Clone(e.holders)
		listeners = append(listeners, listener)
	}
	l.reading = len(turns) > 0
	return turns, listeners
}

// ask has a listener asked what it speaks.
func (l *Live) ask(ctx context.Context, e *entry) {
	if e.busy {
		e.waits = true
		return
	}
	l.toAsk.push(e)
	l.startAsking(ctx)
}

// startAsking has one more ask if somebody may be.
func (l *Live) startAsking(ctx context.Context) {
	if l.asking < askAtOnce && l.toAsk.waiting() && !l.stopped.Load() {
		l.asking++
		l.workers.Go(func() { l.askAll(ctx) })
	}
}

// askAll asks until nobody waits.
func (l *Live) askAll(ctx context.Context) {
	for {
		t, listener, known := l.nextToAsk()
		if t.entry == nil {
			return
		}
		if known != nil {
			listener.Finding = known
			l.inspector.Review(ctx, &listener)
		} else {
			l.inspector.Complete(ctx, &listener)
		}
		if ctx.Err() != nil {
			return // it was cut short, which says nothing of the listener
		}
		l.learned(ctx, t, listener)
	}
}

// nextToAsk is the listener whose turn it is, and what its process answered when it was asked before.
func (l *Live) nextToAsk() (t turn, listener rtevent.Listener, known *rtevent.Finding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var e *entry
	var lane *lane
	if !l.stopped.Load() {
		e, lane = l.toAsk.pop()
	}
	if e == nil {
		l.asking--
		return turn{}, listener, nil
	}
	e.busy = true
	listener = e.listener
	if !e.again {
		known = l.asked.finding(e.place, listener.Holders)
	}
	return turn{e, e.opening, lane}, listener, known
}

// learned takes what asking a listener told.
func (l *Live) learned(ctx context.Context, t turn, now rtevent.Listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := t.entry
	if now.Finding.NotAsked == "" {
		l.asked.keep(e.place, now.Holders, now.Finding)
	}
	e.busy = false
	l.toAsk.done(t.lane)
	if e.waits && l.entries[e.place] == e {
		e.waits = false
		l.ask(ctx, e)
	}
	if !l.current(t) {
		return
	}
	e.listener = now
	if e.identified || e.restarted {
		l.tellDifference(e)
	} else {
		l.outbox.add(told{rtevent.ListenerIdentified, time.Now(), change(now, e.existing)})
		e.told = now
	}
	e.identified, e.restarted, e.again = true, false, false
	if !e.retried && silentAsYet(now) {
		e.again, e.retried = true, true
		l.wake(e, time.Now().Add(later))
	}
}

// silentAsYet tells whether a listener said nothing, and its process may not have got so far.
func silentAsYet(l rtevent.Listener) bool {
	f := l.Finding
	if f.Known() || f.NotAsked != "" || f.Behaviour != rtevent.Silent && f.Behaviour != rtevent.Refuses {
		return false
	}
	return slices.ContainsFunc(l.Holders, func(o rtevent.Owner) bool {
		return !o.Started.IsZero() && time.Since(o.Started) < youth
	})
}
