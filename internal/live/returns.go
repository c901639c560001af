// Who comes back. A service that its manager restarts closes its port and opens it again a moment later: that is one
// change of its owner, and no end. So the closing of a listener that had settled is held back: for two seconds where a
// service manager or a container runtime may start it again, and for a tenth of a second where a program may do so by
// itself. All other closings are told at once: of what had just opened, of whom nobody knows, and of what a storm brings.

package live

import (
	"context"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/observe"
)

const (
	// lived is how long a listener must have been there for its closing to be held back at all.
	lived = time.Second

	supervisedReturns = 2 * time.Second
	programReturns    = 100 * time.Millisecond

	// restartTold is how long a restart waits to be told together with what the new process speaks.
	restartTold = time.Second

	// mostHeld bounds how many closings are held back.
	mostHeld = 1024
)

// holdsBack keeps the end of a listener that may return.
func (l *Live) holdsBack(e *entry, end *told) bool {
	if !e.identified || l.holding >= mostHeld || l.stopped.Load() || end.Existing {
		return false
	}
	if !e.opened.IsZero() && end.at.Sub(e.opened) < lived {
		return false
	}
	patience := patience(e.listener.Holders)
	if patience == 0 {
		return false
	}
	e.closing = end
	l.holding++
	l.wake(e, time.Now().Add(patience))
	return true
}

// patience is how long the end of a listener with these holders is held back.
func patience(holders []rtevent.Owner) time.Duration {
	longest := time.Duration(0)
	for _, o := range holders {
		switch {
		case supervised(o):
			return supervisedReturns
		case o.Exe != "":
			longest = programReturns
		}
	}
	return longest
}

func supervised(o rtevent.Owner) bool {
	return strings.HasSuffix(o.Unit, ".service") || o.Container != nil
}

// returns tells whether what opens is what ran here before its end, which is held back.
func (l *Live) returns(ctx context.Context, e *entry, now *rtevent.Listener) bool {
	if now.LikelyClient != e.listener.LikelyClient {
		return false
	}
	captured := func(o rtevent.Owner) bool { return o.Exe != "" || o.Unit != "" }
	if !slices.ContainsFunc(now.Holders, captured) { // this way of observing tells nothing of it
		one := []rtevent.Listener{*now}
		one[0].Holders = slices.Clone(now.Holders)
		l.attributor.Fill(ctx, one)
		now = &one[0]
	}
	for _, a := range e.listener.Holders {
		if slices.ContainsFunc(now.Holders, func(b rtevent.Owner) bool { return sameProgram(a, b) }) {
			return true
		}
	}
	return false
}

// sameProgram tells whether two processes are starts of the same thing: of a unit, or of a program for the same user.
func sameProgram(a, b rtevent.Owner) bool {
	if strings.HasSuffix(a.Unit, ".service") && a.Unit == b.Unit {
		return true
	}
	sameUser := a.UID == nil || b.UID == nil || *a.UID == *b.UID
	return a.Exe != "" && a.Exe == b.Exe && sameUser
}

// reopen goes on with a listener whose end was held back. The restart is told with what the new process speaks, or
// without it when asking takes longer than a moment.
func (l *Live) reopen(ctx context.Context, e *entry, c observe.Change) {
	e.closing = nil
	l.holding--
	e.restarted = true
	l.begin(e, c.Listener)
	l.wake(e, time.Now().Add(restartTold))
	l.read(ctx, e)
}

// tellRestart tells a restart that is held back, as far as it is known.
func (l *Live) tellRestart(e *entry) {
	if !e.restarted {
		return
	}
	data := change(e.listener, false)
	data.Differs, data.Was = []string{rtevent.DiffersOwner}, &rtevent.Former{Holders: brief(e.told.Holders)}
	e.told = e.listener
	e.restarted, e.identified = false, false // what it speaks will be told as such
	l.outbox.add(told{rtevent.ListenerChanged, time.Now(), data})
}

// dueNow does what was held back for one entry until now.
func (l *Live) dueNow(ctx context.Context, e *entry) {
	switch {
	case l.entries[e.place] != e:
	case e.closing != nil:
		l.outbox.add(*e.closing)
		l.forget(e)
	case e.restarted:
		l.tellRestart(e)
	case e.again:
		l.ask(ctx, e)
	}
}
