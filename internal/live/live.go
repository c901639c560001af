// Package live tells each change of this host's listeners as an event, the moment it happens. It joins the stages observe,
// attribute, identify and judge for as long as it runs.
//
// A Change comes from package observe and is told at once; then the listener waits its turn to be read, and its turn to be
// asked. A storm makes these turns late and nothing else: what waits is a mark at the listener itself, so a queue is never
// longer than the list of what listens. Who reads the events too slowly holds up the observer, whose own memory is bounded
// and who says what was lost.
//
// A listener is a place (network namespace, transport, address, port, device) and what runs there. When it closes, its end
// is told at once, unless it had settled and is likely to be back: see returns.go.
package live

import (
	"cmp"
	"context"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"rtevent"
	"rtevent/internal/attribute"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/inspect"
	"rtevent/internal/judge"
	"rtevent/internal/observe"
)

// Options say what to watch and how. All but Registry may be left out.
type Options struct {
	Observe  observe.Options
	Identify identify.Options

	// Registry answers for the claims; required.
	Registry *iana.Registry

	// Host is the name of this host in the events; empty asks the system.
	Host string

	// Select keeps the listeners of interest by what observing tells (port, transport, address). Of the others nothing is
	// told, and they are neither read nor asked. Nil keeps all.
	Select func(rtevent.Listener) bool

	// Policy, if set, raises a signal in the Verdict of every listener that it does not allow.
	Policy *judge.Policy

	// NoProbe asks nobody. Insist asks even where politeness would not.
	NoProbe bool
	Insist  bool

	// Digests is the file in which the digests of executables are kept from one run to the next; empty for none.
	Digests string

	// Before are the listeners that an earlier run left open. Those that are there still are not told to have opened,
	// and those that the same process holds are not asked again; the others are told to have closed, as Existing.
	Before []rtevent.Listener

	// Settled, if set, is called once everything that was there at the start has been told to have opened.
	Settled func(rtevent.Coverage)
}

// Live watches this host. Run does the work, once; the other methods may be called at any time from other goroutines.
type Live struct {
	options    Options
	host       string
	watch      *observe.Watch
	attributor *attribute.Attributor
	inspector  *inspect.Inspector

	workers sync.WaitGroup
	stopped atomic.Bool

	mu      sync.Mutex // guards all below
	entries map[place]*entry
	toRead  queue
	toAsk   queue
	reading bool // somebody reads what is in toRead
	asking  int  // how many ask what is in toAsk
	asked   memory
	alarms  alarms
	holding int // how many closings are held back
	outbox  outbox
}

// New makes a Live that does nothing yet.
func New(o Options) *Live {
	host := o.Host
	if host == "" {
		host, _ = os.Hostname()
	}
	l := &Live{
		options: o, host: host,
		watch:      observe.NewWatch(o.Observe),
		attributor: attribute.New(o.Observe.Root),
		entries:    map[place]*entry{},
		toAsk:      queue{kind: 1, most: askOfOne},
		asked:      newMemory(),
		alarms:     newAlarms(),
	}
	l.outbox.init(&l.mu)
	l.inspector = &inspect.Inspector{
		Attributor: l.attributor, Asker: identify.New(o.Identify), Registry: o.Registry, Dial: l.watch.Dial,
		Policy: o.Policy, NoProbe: o.NoProbe, Insist: o.Insist,
	}
	for _, b := range o.Before {
		l.recall(b)
	}
	return l
}

// Run tells every event until ctx is done, then returns the reason. Calls of emit follow one another. An error says why
// nothing can be seen; it wraps errors.ErrUnsupported where there is no way to look.
func (l *Live) Run(ctx context.Context, emit func(rtevent.Event)) error {
	if l.options.Digests != "" {
		// Losing what was remembered, or not being able to remember, costs time and nothing else.
		_ = l.attributor.Recall(l.options.Digests)
		defer func() { _ = l.attributor.Remember(l.options.Digests) }()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	quit := context.AfterFunc(ctx, l.stop)
	defer quit()

	var told sync.WaitGroup
	told.Go(func() { l.outbox.deliver(l.newTeller(emit)) })
	l.workers.Go(func() { l.keepTime(ctx) })
	err := l.watch.Run(ctx, func(c observe.Change) { l.take(ctx, c) })
	stop()
	l.stop()
	l.workers.Wait()
	l.end()
	told.Wait()
	return err
}

// stop lets go of whoever waits.
func (l *Live) stop() {
	l.stopped.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outbox.wake()
}

// end tells what was held back, and that nothing follows.
func (l *Live) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		l.tellRestart(e)
		if e.closing != nil {
			l.outbox.add(*e.closing)
		}
	}
	l.outbox.close()
}

// Coverage says how the host is watched and what cannot be seen.
func (l *Live) Coverage() rtevent.Coverage { return l.watch.Coverage() }

// State lists what listens now, as far as it is known now, by port. What it points to is to be read only.
func (l *Live) State() []rtevent.Listener {
	l.mu.Lock()
	state := make([]rtevent.Listener, 0, len(l.entries))
	for _, e := range l.entries {
		if e.closing == nil && !e.before {
			state = append(state, e.listener)
		}
	}
	l.mu.Unlock()
	slices.SortFunc(state, func(a, b rtevent.Listener) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Transport, b.Transport), a.Address.Compare(b.Address), cmp.Compare(a.NetNS, b.NetNS))
	})
	return state
}
