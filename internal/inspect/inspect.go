// Package inspect takes one listener whose holders are known to its verdict: it compares what its holders run with their
// packages, asks it what it speaks, credits what the owner tells, and judges. It joins the stages for whoever has a
// listener, once or for as long as they run.
package inspect

import (
	"context"
	"net"
	"slices"
	"time"

	"rtevent"
	"rtevent/internal/attribute"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/judge"
	"rtevent/internal/protocol"
)

// NoProbe is the reason that a Finding gives for not asking when Inspector.NoProbe is set.
const NoProbe = "--no-probe"

// Inspector has what inspecting needs; all of it is required but the switches. It is safe for concurrent use.
type Inspector struct {
	Attributor *attribute.Attributor
	Asker      *identify.Asker
	Registry   *iana.Registry

	// Dial connects to a Listener as package observe does.
	Dial func(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error)

	// Policy, if set, raises a signal in the Verdict of what it does not allow.
	Policy *judge.Policy

	// NoProbe asks nobody. Insist asks even where politeness would not.
	NoProbe bool
	Insist  bool
}

// Complete fills Claim, Finding and Verdict of a listener, and whether its holders' packages are intact. The
// Holders that it was given stay as they are: it gives it others.
func (i *Inspector) Complete(ctx context.Context, l *rtevent.Listener) {
	verified := *l
	verified.Holders = slices.Clone(l.Holders)
	done := make(chan struct{})
	go func() {
		defer close(done)
		i.Attributor.Verify(ctx, &verified)
	}()
	finding := i.ask(ctx, *l)
	<-done
	l.Holders = verified.Holders
	credit(&finding, l.Holders)
	finding.CPE = protocol.CPE(&finding)
	l.Finding = &finding
	i.Judge(l)
}

// Review does the same as Complete without asking: the Finding is there already, from asking the same process before.
func (i *Inspector) Review(ctx context.Context, l *rtevent.Listener) {
	l.Holders = slices.Clone(l.Holders)
	i.Attributor.Verify(ctx, l)
	i.Judge(l)
}

// Judge fills Claim and Verdict from what the other fields say.
func (i *Inspector) Judge(l *rtevent.Listener) {
	claim, verdict := judge.Judge(judge.Case{
		Listener: *l,
		Claims:   i.Registry.Claims(l.Transport, l.Port),
		Practice: i.Registry.Practice(l.Transport, l.Port),
		Policy:   i.Policy,
		Now:      time.Now(),
	})
	l.Claim, l.Verdict = &claim, &verdict
}

func (i *Inspector) ask(ctx context.Context, l rtevent.Listener) rtevent.Finding {
	if i.NoProbe {
		return rtevent.Finding{NotAsked: NoProbe, Confidence: rtevent.None}
	}
	return i.Asker.Ask(ctx, identify.Target{
		Listener: l,
		Insist:   i.Insist,
		Dial: func(ctx context.Context, network string) (net.Conn, error) {
			return i.Dial(ctx, l, network)
		},
	})
}
