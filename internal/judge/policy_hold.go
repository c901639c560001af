// Reality held against a policy, all at once.

package judge

import (
	"fmt"
	"time"

	"rtevent"
)

// DeviationKind says how reality and policy differ.
type DeviationKind string

// The kinds of Deviation.
const (
	NotAllowed DeviationKind = "not-allowed" // it listens, and no rule allows it
	Missing    DeviationKind = "missing"     // a rule requires it, and nothing like it listens
	Expired    DeviationKind = "expired"     // the rule allows nothing any more
	Hidden     DeviationKind = "hidden"      // its port is taken, and no view of the kernel shows by whom
	Undecided  DeviationKind = "undecided"   // too little is known of a listener to say whether a rule allows it
)

// Deviation is one difference between reality and policy.
type Deviation struct {
	Kind     DeviationKind     `json:"deviation"`
	Why      string            `json:"why"`
	Rule     *Rule             `json:"rule,omitempty"`     // of what is missing or expired
	Listener *rtevent.Listener `json:"listener,omitempty"` // of what is not allowed, hidden or undecided
}

// Holding is what came of holding the listeners of a host against a policy.
type Holding struct {
	Allowed    []rtevent.Listener
	Clients    int         // near ends of clients' conversations, to which a policy does not apply
	Met        []Rule      // required, and there
	Deviations []Deviation // first of listeners, in their order, then of rules, in theirs
}

// Hold compares everything that listens with the policy.
func (p *Policy) Hold(listeners []rtevent.Listener, now time.Time) Holding {
	var h Holding
	for i := range listeners {
		l := &listeners[i]
		if l.LikelyClient {
			h.Clients++
			continue
		}
		switch answer, why := p.allows(l, now); answer {
		case yes:
			h.Allowed = append(h.Allowed, *l)
		case no:
			h.Deviations = append(h.Deviations, Deviation{Kind: NotAllowed, Why: why, Listener: l})
		case unknown:
			h.Deviations = append(h.Deviations, Deviation{Kind: Undecided, Why: why, Listener: l})
		}
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Expired(now) {
			h.Deviations = append(h.Deviations, Deviation{Kind: Expired, Why: "it expired on " + expiry(r), Rule: r})
		} else if r.Required && r.met(listeners) {
			h.Met = append(h.Met, *r)
		} else if r.Required {
			h.Deviations = append(h.Deviations, Deviation{Kind: Missing, Why: "it is required, and nothing like it listens", Rule: r})
		}
	}
	return h
}

// met tells whether something that listens is what the rule requires, or may be.
func (r *Rule) met(listeners []rtevent.Listener) bool {
	for i := range listeners {
		if !listeners[i].LikelyClient && r.match(&listeners[i]).answer != no {
			return true
		}
	}
	return false
}

// expiry is the last day on which a rule held, or the moment.
func expiry(r *Rule) string {
	if day := r.Expires.UTC(); day.Equal(day.Truncate(24 * time.Hour)) {
		return day.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return r.Expires.UTC().Format(time.RFC3339)
}

// Count tells how many deviations are of a kind.
func (h Holding) Count(k DeviationKind) int {
	n := 0
	for _, d := range h.Deviations {
		if d.Kind == k {
			n++
		}
	}
	return n
}

// String is a deviation in short, for messages.
func (d Deviation) String() string {
	if d.Rule != nil {
		return fmt.Sprintf("%s: line %d (%s): %s", d.Kind, d.Rule.Line, d.Rule, d.Why)
	}
	return fmt.Sprintf("%s: %s: %s", d.Kind, d.Listener.PortName(), d.Why)
}
