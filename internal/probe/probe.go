// Package probe takes one look at other hosts from outside: which of their ports are open, what answers there, and the
// verdict. It joins the stages sweep, identify and judge for a single pass.
package probe

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"net/netip"
	"slices"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/judge"
	"rtevent/internal/protocol"
	"rtevent/internal/sweep"
)

// Options say how to look. All but the Registry may be left zero.
type Options struct {
	// Registry answers for the claims; required.
	Registry *iana.Registry

	// Limits bound what the hosts and the way to them have to bear.
	Limits Limits

	// Timeout is how long one port may take to accept, and again how long it may be asked; 0 lets both follow from the
	// host's round trip.
	Timeout time.Duration

	// Insist asks the named ports even where politeness would not.
	Insist bool

	// All lists also the ports that nobody named and that are not open.
	All bool
}

// Result is what is known of one port.
type Result struct {
	rtevent.Endpoint

	// Listed tells an Endpoint that is worth a line of its own: it is open, or it was named, or all are wanted. The
	// others have no Claim and are there to be counted.
	Listed bool

	// Denied says that this system did not let the packets out.
	Denied bool
}

// Run looks at the targets, which are drawn as there is room for them. It hands every port to each as soon as it is
// known, one at a time. It returns when the targets are exhausted, or soon after ctx has ended: then what was known so
// far has been handed over.
func Run(ctx context.Context, o Options, targets iter.Seq[sweep.Target], each func(Result)) {
	p := prober{Options: o, asker: identify.New(o.Limits.identify(o.Timeout)), now: time.Now()}
	var one sync.Mutex
	sweep.Run(ctx, o.Limits.sweep(o.Timeout), targets, func(r sweep.Result) (further int) {
		result := p.result(r)
		if r.State == rtevent.Open && !r.Everywhere || r.State == rtevent.OpenFiltered {
			further = p.ask(ctx, r, &result)
		}
		one.Lock()
		defer one.Unlock()
		each(result)
		return further
	})
}

// prober holds what the goroutines of one Run share.
type prober struct {
	Options
	asker *identify.Asker
	now   time.Time
}

// result is what the sweep knows of a port, with what the registry claims if it is worth a line.
func (p *prober) result(r sweep.Result) Result {
	result := Result{
		Endpoint: rtevent.Endpoint{
			Target: r.Target.Name, Address: r.Target.Addr, Transport: r.Target.Transport, Port: r.Port, State: r.State, Why: r.Why,
			AnswersEverywhere: r.Everywhere,
		},
		Listed: r.State == rtevent.Open || p.All || r.Target.Named.Has(r.Port),
		Denied: r.Denied,
	}
	if r.Everywhere {
		result.Why = "the host accepts on ports that nobody uses: an open port says nothing of it"
	} else if result.Listed {
		result.Claim = &p.Registry.Claims(r.Target.Transport, r.Port)[0]
	}
	return result
}

// ask finds out what a port speaks and judges it. It returns how many connections it began.
func (p *prober) ask(ctx context.Context, r sweep.Result, e *Result) int {
	l := newLine(r)
	defer l.close()
	listener := rtevent.Listener{Transport: e.Transport, Address: e.Address, Port: e.Port, Scope: rtevent.ScopeOf(e.Address)}
	finding := p.finding(ctx, identify.Target{
		Listener: listener,
		Name:     hostName(r.Target),
		Dial:     l.dial,
		Insist:   p.Insist && r.Target.Named.Has(r.Port),
	})
	finding.CPE = protocol.CPE(&finding)
	e.Finding, listener.Finding = &finding, &finding
	if e.Transport == rtevent.UDP {
		e.State, e.Why = udpState(&finding, l.broken())
		e.Denied = errors.Is(l.broken(), fs.ErrPermission)
	}
	if e.State == rtevent.Open {
		claim, verdict := judge.Judge(judge.Case{
			Listener: listener,
			Claims:   p.Registry.Claims(e.Transport, e.Port),
			Practice: p.Registry.Practice(e.Transport, e.Port),
			Now:      p.now,
		})
		e.Claim, e.Verdict = &claim, &verdict
	}
	return l.begun()
}

// finding asks, and asks again who is silent over UDP where packets may get lost: nobody else repeats them.
func (p *prober) finding(ctx context.Context, t identify.Target) rtevent.Finding {
	f := p.asker.Ask(ctx, t)
	if t.Listener.Transport != rtevent.UDP || t.Listener.Scope == rtevent.Loopback || f.Behaviour != rtevent.Silent || ctx.Err() != nil {
		return f
	}
	again := p.asker.Ask(ctx, t)
	again.Connections += f.Connections
	again.TookMS += f.TookMS
	return again
}

// udpState tells the state of a UDP port by what asking it brought: a finding, and what came back instead of an answer.
func udpState(f *rtevent.Finding, broken error) (rtevent.State, string) {
	switch {
	case f.NotAsked != "":
		return rtevent.OpenFiltered, "not asked"
	case f.Known(), slices.Contains([]rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything, rtevent.Streams}, f.Behaviour):
		return rtevent.Open, ""
	case sweep.Refused(broken):
		return rtevent.Closed, "refused"
	case broken != nil:
		return rtevent.Filtered, sweep.Why(broken)
	default:
		return rtevent.OpenFiltered, "no answer"
	}
}

// hostName is the name by which the user called the host; empty if it was an address.
func hostName(t *sweep.Target) string {
	if _, err := netip.ParseAddr(t.Name); err == nil {
		return ""
	}
	return t.Name
}
