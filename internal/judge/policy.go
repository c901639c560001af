// A policy: what may listen on this host, what must, and until when.

package judge

import (
	"fmt"
	"strings"
	"time"

	"rtevent"
)

// Policy says what may listen. It holds in every network namespace of the host, and not for the near ends of clients'
// conversations (rtevent.Listener.LikelyClient). ReadPolicy makes one.
type Policy struct {
	File  string // as it was named to ReadPolicy
	Rules []Rule
}

// Rule allows listeners that are all that it says; what it does not say may be anything. Everybody who holds the listener
// must be what the rule says, but not the children that a holder has forked of itself.
type Rule struct {
	Line      int               `json:"line"` // in the file, counted from 1
	Ports     []Ports           `json:"-"`
	Port      string            `json:"port,omitempty"` // Ports as they were written
	Transport rtevent.Transport `json:"transport,omitempty"`
	Scope     rtevent.Scope     `json:"scope,omitempty"`   // this one or a narrower one
	Address   string            `json:"address,omitempty"` // as rtevent writes it

	Program   Patterns `json:"program,omitempty"` // the path of the executable, or of the script or jar that it runs
	Package   Patterns `json:"package,omitempty"` // of the script or jar where there is one, else of the executable
	Unit      Patterns `json:"unit,omitempty"`
	Container Patterns `json:"container,omitempty"` // its name or id
	User      Patterns `json:"user,omitempty"`      // a name or a number
	Protocol  Patterns `json:"protocol,omitempty"`  // as a Finding names it

	Required bool      `json:"required,omitempty"` // something like this must listen
	Reason   string    `json:"reason,omitempty"`
	Expires  time.Time `json:"expires,omitzero"` // from this moment on it allows nothing
}

// Patterns are texts of which one has to match, as in path.Match. None match everything.
type Patterns []string

// String lists them as people write it: "root or www-data".
func (p Patterns) String() string { return strings.Join(p, " or ") }

// Ports is an inclusive range of ports, of one transport or, without it, of any.
type Ports struct {
	First, Last uint16
	Transport   rtevent.Transport
}

// Expired tells whether the rule allows nothing any more.
func (r Rule) Expired(now time.Time) bool { return !r.Expires.IsZero() && !now.Before(r.Expires) }

// String is the rule in short, for people: "22/tcp, program /usr/sbin/sshd".
func (r Rule) String() string {
	var parts []string
	if r.Port != "" {
		parts = append(parts, r.Port)
	}
	for _, f := range []struct{ name, value string }{
		{"transport", string(r.Transport)}, {"scope", string(r.Scope)}, {"address", r.Address},
		{"program", r.Program.String()}, {"package", r.Package.String()}, {"unit", r.Unit.String()},
		{"container", r.Container.String()}, {"user", r.User.String()}, {"protocol", r.Protocol.String()},
	} {
		if f.value != "" {
			parts = append(parts, f.name+" "+f.value)
		}
	}
	if len(parts) == 0 {
		return "anything"
	}
	return strings.Join(parts, ", ")
}

// NeedsFinding tells whether any rule asks for a protocol, so that listeners have to be asked.
func (p *Policy) NeedsFinding() bool {
	for _, r := range p.Rules {
		if len(r.Protocol) > 0 {
			return true
		}
	}
	return false
}

// Forbids tells whether no rule can allow a listener, whatever else may still be learned of it.
func (p *Policy) Forbids(l rtevent.Listener, now time.Time) bool {
	answer, _ := p.allows(&l, now)
	return answer == no
}

// allows tells whether a listener is allowed, and if not or if that cannot be told, why.
func (p *Policy) allows(l *rtevent.Listener, now time.Time) (tri, string) {
	if l.LikelyClient {
		return yes, ""
	}
	var nearest *Rule
	best := match{answer: no, near: -1}
	for i := range p.Rules {
		r := &p.Rules[i]
		m := r.match(l)
		if r.Expired(now) {
			if m.answer == no {
				continue
			}
			m = match{answer: no, port: true, near: m.near, why: "until " + expiry(r)}
		}
		if m.answer == yes {
			return yes, ""
		}
		if best.near < 0 || m.answer == unknown && best.answer == no || m.answer == best.answer && m.near > best.near {
			best, nearest = m, r
		}
	}
	switch {
	case best.answer == unknown:
		return unknown, fmt.Sprintf("line %d may allow it: %s", nearest.Line, best.why)
	case nearest == nil || !best.port:
		return no, "no rule allows this port"
	default:
		return no, fmt.Sprintf("line %d allows the port %s", nearest.Line, best.why)
	}
}

// violation is why a listener is not allowed; empty when it is, or when that cannot be told.
func (p *Policy) violation(l *rtevent.Listener, now time.Time) string {
	if p == nil {
		return ""
	}
	answer, why := p.allows(l, now)
	if answer != no {
		return ""
	}
	return "the policy does not allow it: " + why
}
