// What counts as a change of a listener, and what it was before in short.

package live

import (
	"fmt"
	"slices"
	"time"

	"rtevent"
)

// tellDifference tells what differs from what was told last. A restart is told in any case.
func (l *Live) tellDifference(e *entry) {
	was, now := &e.told, &e.listener
	data := change(*now, false)
	data.Was = &rtevent.Former{}
	if e.restarted || !sameOwner(was.Holders, now.Holders) {
		data.Differs = append(data.Differs, rtevent.DiffersOwner)
		data.Was.Holders = brief(was.Holders)
	}
	if was.Finding != nil && !sameFinding(was.Finding, now.Finding) {
		data.Differs = append(data.Differs, rtevent.DiffersFinding)
		data.Was.Finding = briefFinding(was.Finding)
	}
	if was.Verdict != nil && !sameVerdict(was.Verdict, now.Verdict) {
		data.Differs = append(data.Differs, rtevent.DiffersVerdict)
		data.Was.Verdict = was.Verdict
	}
	if len(data.Differs) > 0 {
		l.outbox.add(told{rtevent.ListenerChanged, time.Now(), data})
		e.told = *now
	}
}

// sameOwner tells whether the same holds a listener as before: the same kinds of processes, and one of those that did.
// That a server has more children now, or others, makes it no other.
func sameOwner(before, now []rtevent.Owner) bool {
	if !slices.Equal(kindsOf(before), kindsOf(now)) {
		return false
	}
	known := starts(before)
	return len(known) == 0 || slices.ContainsFunc(starts(now), func(s start) bool { return slices.ContainsFunc(known, s.is) })
}

// kindsOf says what holds a listener, each kind once and in order.
func kindsOf(holders []rtevent.Owner) []string {
	kinds := make([]string, 0, len(holders))
	for _, o := range holders {
		kinds = append(kinds, kindOf(o))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func kindOf(o rtevent.Owner) string {
	uid, container, program, pkg := int64(-1), "", "", ""
	if o.UID != nil {
		uid = int64(*o.UID)
	}
	if o.Container != nil {
		container = o.Container.ID
	}
	if p := o.Program; p != nil {
		program = fmt.Sprintf("%s %q %q %q", p.Kind, p.Name, p.Path, p.Version)
	}
	if p := o.Provider(); p != nil {
		pkg = p.Name + " " + p.Version
	}
	return fmt.Sprintf("%q %d %q %q %s %s %t", o.Exe, uid, o.Unit, container, program, pkg, o.Exe == "" && o.Unseen != "")
}

// sameFinding compares what a person would call the same answer: not the time that it took, nor the bytes.
func sameFinding(a, b *rtevent.Finding) bool {
	if a == nil || b == nil {
		return a == b
	}
	same := a.Protocol == b.Protocol && a.Product == b.Product && a.Version == b.Version && a.NotAsked == b.NotAsked
	if same && !a.Known() {
		same = a.Behaviour == b.Behaviour
	}
	if a.TLS == nil || b.TLS == nil {
		return same && a.TLS == b.TLS
	}
	return same && a.TLS.SHA256 == b.TLS.SHA256
}

func sameVerdict(a, b *rtevent.Verdict) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Label == b.Label && slices.EqualFunc(a.Signals, b.Signals, func(x, y rtevent.Signal) bool {
		return x.ID == y.ID && x.Severity == y.Severity
	})
}

// brief is who the holders were, without what does not tell one from the other.
func brief(holders []rtevent.Owner) []rtevent.Owner {
	const most = 5
	short := make([]rtevent.Owner, 0, min(len(holders), most))
	for _, o := range holders[:min(len(holders), most)] {
		short = append(short, rtevent.Owner{
			PID: o.PID, Unseen: o.Unseen, Name: o.Name, Exe: o.Exe, Invoked: o.Invoked, User: o.User, UID: o.UID,
			Started: o.Started, Unit: o.Unit, Container: o.Container, Program: o.Program,
		})
	}
	return short
}

func briefFinding(f *rtevent.Finding) *rtevent.Finding {
	short := &rtevent.Finding{
		Protocol: f.Protocol, Product: f.Product, Version: f.Version, ProductFrom: f.ProductFrom, VersionFrom: f.VersionFrom,
		Behaviour: f.Behaviour, Confidence: f.Confidence, NotAsked: f.NotAsked,
	}
	if f.TLS != nil {
		short.TLS = &rtevent.TLS{Version: f.TLS.Version, Subject: f.TLS.Subject, NotAfter: f.TLS.NotAfter, SHA256: f.TLS.SHA256}
	}
	return short
}
