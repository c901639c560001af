// Package survey takes one look at this host: which sockets listen, who holds each, what it speaks, and the verdict.
// It joins the stages observe, attribute, identify and judge for a single pass.
package survey

import (
	"context"
	"os"
	"slices"
	"sync"

	"rtevent"
	"rtevent/internal/attribute"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/inspect"
	"rtevent/internal/observe"
)

// Options say what to look at and how. The zero value looks at everything and asks everybody.
type Options struct {
	Observe  observe.Options
	Identify identify.Options

	// Registry answers for the claims; required.
	Registry *iana.Registry

	// Select keeps the listeners of interest by what observing tells (port, transport, address) and Match by what
	// attributing adds (the holders). Who is not kept is neither read nor asked. Nil keeps all.
	Select func(rtevent.Listener) bool
	Match  func(rtevent.Listener) bool

	// NoProbe asks nobody. Insist asks even where politeness would not.
	NoProbe bool
	Insist  bool

	// Digests is the file in which the digests of executables are kept from one look to the next; empty for none.
	Digests string

	// Asked, if set, is told how many of the kept listeners are done. It is called from several goroutines.
	Asked func(done, of int)
}

// Run looks once. It hands every kept listener to each, in the order of ports, as soon as it and all before it are
// done; each is never called by two goroutines at once. Run returns when all are handed over. The error says why
// nothing could be seen at all; what could be seen only in part is in the Coverage.
func Run(ctx context.Context, o Options, each func(rtevent.Listener)) (rtevent.Coverage, error) {
	snapshot, err := observe.Look(ctx, o.Observe)
	if err != nil {
		return rtevent.Coverage{}, err
	}
	defer snapshot.Close()

	host, _ := os.Hostname()
	listeners := keep(snapshot.Listeners, o.Select)
	coverage := snapshot.CoverageOf(listeners)
	attributor := attribute.New(o.Observe.Root)
	attributor.Fill(ctx, listeners)
	if o.Digests != "" {
		// Losing what was remembered, or not being able to remember, costs time and nothing else.
		_ = attributor.Recall(o.Digests)
		defer func() { _ = attributor.Remember(o.Digests) }()
	}
	listeners = keep(listeners, o.Match)

	s := surveyor{o, &inspect.Inspector{
		Attributor: attributor, Asker: identify.New(o.Identify), Registry: o.Registry, Dial: snapshot.Dial,
		NoProbe: o.NoProbe, Insist: o.Insist,
	}}
	done := s.start(ctx, listeners)
	for i := range listeners {
		<-done[i]
		listeners[i].Host = host
		each(listeners[i])
	}
	return coverage, nil
}

func keep(ls []rtevent.Listener, want func(rtevent.Listener) bool) []rtevent.Listener {
	if want == nil {
		return ls
	}
	return slices.DeleteFunc(ls, func(l rtevent.Listener) bool { return !want(l) })
}

// surveyor holds what the goroutines of one Run share.
type surveyor struct {
	Options
	inspector *inspect.Inspector
}

// start asks and judges all listeners side by side and returns a channel for each that is closed when it is done. The
// asker bounds how many connections that takes.
func (s *surveyor) start(ctx context.Context, listeners []rtevent.Listener) []chan struct{} {
	done := make([]chan struct{}, len(listeners))
	var count sync.Mutex
	finished := 0
	for i := range listeners {
		done[i] = make(chan struct{})
		go func() {
			defer close(done[i])
			s.inspector.Complete(ctx, &listeners[i])
			if s.Asked != nil {
				count.Lock()
				finished++
				s.Asked(finished, len(listeners))
				count.Unlock()
			}
		}()
	}
	return done
}
