// This file tells what the registry claims and what practice puts there.

package words

import (
	"fmt"
	"slices"
	"strings"

	"rtevent"
)

// SameClaim tells whether two rows say the same but for the transport.
func SameClaim(a, b rtevent.Claim) bool {
	return a.Name == b.Name && a.Level == b.Level && a.Assignee == b.Assignee && a.Port == b.Port && a.Description == b.Description
}

// Registration is a registry row in words.
func Registration(c rtevent.Claim) string {
	if c.Name == "" {
		return Phrases(0, "no registered name", c.Notes)
	}
	quoted := ""
	if c.Description != "" {
		quoted = fmt.Sprintf("%q", c.Description)
	}
	words := Phrases(0, c.Name, quoted, c.Assignee, c.Registered, c.Reference)
	if c.PortLast > c.Port {
		words += fmt.Sprintf(", for the range %d-%d", c.Port, c.PortLast)
	}
	if c.Attribution != "" {
		words += " (" + c.Attribution + ")"
	}
	if c.Unauthorized != "" {
		words += "; unauthorized use reported: " + c.Unauthorized
	}
	return words
}

// Life is a claim's level and the facts it rests on, sources that say the same together. What the registration's own
// line tells is not repeated.
func Life(c rtevent.Claim) string {
	var facts, known, other, silent []string
	for _, f := range c.Basis {
		says, program, _ := strings.Cut(f.Says, " (")
		source := f.Source
		if program != "" {
			source += " (" + program
		}
		switch {
		case f.Silent:
			silent = append(silent, f.Source)
		case says == "has it":
			known = append(known, source)
		case says == "has another use":
			other = append(other, source)
		case c.Attribution != "" && f.Source == "IANA text registry":
		case strings.HasPrefix(f.Says, "registers "+c.Name+", "):
			facts = append(facts, "registered"+strings.TrimPrefix(f.Says, "registers "+c.Name+","))
		case strings.HasPrefix(f.Source, "all ") && len(silent) > 0: // the sum of the silences, and what it does not mean
			sum, caveat, _ := strings.Cut(f.Says, "; ")
			facts = append(facts, sum+": "+strings.Join(silent, ", "), caveat)
			silent = nil
		default:
			facts = append(facts, f.Source+": "+f.Says)
		}
	}
	list := func(words string, sources []string) {
		if len(sources) > 0 {
			facts = append(facts, words+strings.Join(sources, ", "))
		}
	}
	list("known to ", known)
	list("another use in ", other)
	list("silent: ", silent)
	words := string(c.Level)
	if c.Contested {
		words += ", contested"
	}
	return words + ": " + strings.Join(facts, "; ")
}

// Practised words practice, a line for all transports of the same use.
func Practised(rows []rtevent.Practice) []string {
	type use struct {
		software, protocol, source string
		historical                 bool
	}
	var uses []use
	transports := map[use][]string{}
	for _, r := range rows {
		u := use{r.Software, r.Protocol, r.Source, r.Historical}
		if transports[u] == nil {
			uses = append(uses, u)
		}
		transports[u] = append(transports[u], string(r.Transport))
	}
	var lines []string
	for _, u := range uses {
		words := u.protocol
		if u.historical {
			words = Phrases(0, words, "in the past")
		}
		if words != "" {
			words = ": " + words
		}
		lines = append(lines, fmt.Sprintf("%s%s (%s)", u.software, words, Phrases(0, append(transports[u], u.source)...)))
	}
	return lines
}

// Neighbours are the registrations beside a port that share its name's stem: a secure twin, an older form.
func Neighbours(registry Registry, claims []rtevent.Claim) []rtevent.Claim {
	var near []rtevent.Claim
	for _, c := range claims {
		for _, port := range []int{int(c.Port) - 1, int(c.Port) + 1} {
			if c.Name == "" || port < 1 || port > 65535 {
				continue
			}
			for _, n := range registry.Claims(c.Transport, uint16(port)) {
				same := func(x rtevent.Claim) bool { return x.Name == n.Name }
				if related(c.Name, n.Name) && !slices.ContainsFunc(near, same) {
					near = append(near, n)
				}
			}
		}
	}
	return near
}

// related tells whether one name is the other with something added: "rt-event" and "rt-event-s".
func related(a, b string) bool {
	return a != "" && b != "" && a != b && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

// meanings says in a person's words what a level means.
var meanings = map[rtevent.Level]string{
	rtevent.Standard:    "a specification is known",
	rtevent.Implemented: "a source has the registered service there",
	rtevent.Squatted:    "the sources know only other programs there",
	rtevent.Twin:        "silent, but alive on the other transport",
	rtevent.Quiet:       "silent, but registered lately or beside a living sibling",
	rtevent.Ghost:       "no sign of life found in these sources",
	rtevent.Practised:   "nobody registered it, but programs are known to use it",
	rtevent.Historical:  "nobody registered it, and only programs of the past are known",
	rtevent.Reserved:    "the registry keeps it back, or took it back",
	rtevent.Unassigned:  "nobody registered it, and nothing is known to use it",
	rtevent.Dynamic:     "handed out by systems for a while, never registered",
	rtevent.Portless:    "a name without a port, for service discovery",
}

// Means says what a level means; nothing for what is none.
func Means(l rtevent.Level) string { return meanings[l] }
