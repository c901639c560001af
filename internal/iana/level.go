// This file grades a claim: how much sign of life there is for it, and on what that rests.

package iana

import (
	"fmt"
	"strings"

	"rtevent"
)

// signs is all that is known of a port and transport besides the registry.
type signs struct {
	sightings []sighting
	uses      []use
}

func signsOf(t rtevent.Transport, port uint16) signs {
	return signs{sightings(t, port), uses(t, port)}
}

// owner is the one name of several on a port that the signs of life belong to; empty where they are not told apart.
func (s signs) owner() string {
	for _, u := range s.uses {
		switch u.agrees {
		case "yes", "no", "-":
		default:
			return u.agrees
		}
	}
	return ""
}

// of splits the signs into those of a row's own service and those of something else. What was registered later than
// the signs were gathered cannot be meant by any of them.
func (s signs) of(r Row) (own, other signs) {
	mine := r.State != Later && (s.owner() == "" || s.owner() == r.Name)
	for _, x := range s.sightings {
		if x.same && mine {
			own.sightings = append(own.sightings, x)
		} else {
			other.sightings = append(other.sightings, x)
		}
	}
	for _, u := range s.uses {
		if u.agreesWith(r) && mine {
			own.uses = append(own.uses, u)
		} else {
			other.uses = append(other.uses, u)
		}
	}
	return own, other
}

// empty tells whether there are none.
func (s signs) empty() bool { return len(s.sightings)+len(s.uses) == 0 }

// current counts the uses that are not of the past.
func (s signs) current() int {
	n := 0
	for _, u := range s.uses {
		if !u.historical {
			n++
		}
	}
	return n
}

// specification is the first one that a use names.
func (s signs) specification() string {
	for _, u := range s.uses {
		if u.specification != "" {
			return u.specification
		}
	}
	return ""
}

// grade is the level of a claim.
type grade struct {
	level     rtevent.Level
	contested bool
	basis     []rtevent.Fact
}

// grade applies the first rule that fits to a row that has a name.
func (r *Registry) grade(row Row, t rtevent.Transport, port uint16) grade {
	own, other := signsOf(t, port).of(row)
	g := grade{basis: []rtevent.Fact{r.registered(row, own)}}
	if row.Block != "" {
		g.basis = append(g.basis, rtevent.Fact{Source: "IANA text registry", Date: textRegistry, Says: blockSays(row)})
	}
	switch {
	case cites(row.Reference) || own.specification() != "":
		g.level = rtevent.Standard
	case !own.empty():
		g.level = rtevent.Implemented
	case !other.empty() && row.State != Later:
		g.level = rtevent.Squatted
	default:
		g.level = r.silent(row, t, &g)
	}
	if g.level == rtevent.Standard || g.level == rtevent.Implemented {
		n := other.current()
		g.contested = n > 0 && n >= own.current()
	}
	g.basis = append(g.basis, r.facts(own, other)...)
	return g
}

// silent tells apart the rows that no source knows, and adds what tells them apart.
func (r *Registry) silent(row Row, t rtevent.Transport, g *grade) rtevent.Level {
	if o := opposite(t); row.on(o) && alive(row, o) {
		g.basis = append(g.basis, rtevent.Fact{Source: "the same name", Says: fmt.Sprintf("lives on %s", o)})
		return rtevent.Twin
	}
	for _, date := range []string{row.Registered, row.Modified} {
		if date >= "2016" {
			g.basis = append(g.basis, rtevent.Fact{Source: "IANA registry", Date: date, Says: "registered or edited lately"})
			return rtevent.Quiet
		}
	}
	if row.State == New || row.State == Later {
		g.basis = append(g.basis, rtevent.Fact{Source: "IANA registry", Date: r.table.Names, Says: "registered lately"})
		return rtevent.Quiet
	}
	if s, ok := r.sibling(row); ok {
		g.basis = append(g.basis, rtevent.Fact{Source: "its sibling", Says: fmt.Sprintf("%s on %s lives", s.Name, s.ports())})
		return rtevent.Quiet
	}
	return rtevent.Ghost
}

// sibling finds a living registration of the same assignee whose name has the same stem, within 12 ports.
func (r *Registry) sibling(row Row) (Row, bool) {
	const reach = 12
	if row.Assignee == "" || row.First == NoPort {
		return Row{}, false
	}
	for s := range r.table.near(row.First-reach, row.Last+reach) {
		if s.Name != row.Name && s.Assignee == row.Assignee && s.State != Gone && stem(s.Name) == stem(row.Name) &&
			(alive(s, rtevent.TCP) || alive(s, rtevent.UDP)) {
			return s, true
		}
	}
	return Row{}, false
}

// stem is a name up to the first hyphen or digit behind its third letter.
func stem(name string) string {
	for i, c := range name {
		if i >= 3 && (c == '-' || c == '_' || c >= '0' && c <= '9') {
			return name[:i]
		}
	}
	return name
}

// alive tells whether a row would be graded standard or implemented on a transport.
func alive(row Row, t rtevent.Transport) bool {
	if !row.on(t) || row.First == NoPort {
		return false
	}
	own, _ := signsOf(t, uint16(row.First)).of(row)
	return !own.empty() || cites(row.Reference)
}

func opposite(t rtevent.Transport) rtevent.Transport {
	if t == rtevent.TCP {
		return rtevent.UDP
	}
	return rtevent.TCP
}

// cites tells whether a reference names a specification. Some name a person or a footnote.
func cites(reference string) bool {
	for _, publisher := range []string{"RFC", "IEEE", "ISO", "ITU", "3GPP", "http://", "https://"} {
		if strings.Contains(reference, publisher) {
			return true
		}
	}
	return false
}
