package cli

import (
	"fmt"
	"slices"
	"strings"

	"rtevent"
)

// claimed writes what the registry says, transport by transport where they differ, and the signs of life below the
// names that share them.
func (w sheet) claimed(p *page) {
	title := "claimed"
	var distinct []rtevent.Claim
	for _, c := range p.Claims {
		if !slices.ContainsFunc(distinct, func(d rtevent.Claim) bool { return sameClaim(c, d) }) {
			distinct = append(distinct, c)
		}
	}
	for i, c := range distinct {
		var transports []string
		for _, d := range p.Claims {
			if sameClaim(c, d) {
				transports = append(transports, string(d.Transport))
			}
		}
		w.section(title, printable(registration(c)+" ("+strings.Join(transports, ", ")+")"))
		title = ""
		if i+1 == len(distinct) || life(distinct[i+1]) != life(c) {
			w.section("", printable(life(c)))
		}
	}
}

// sameClaim tells whether two rows say the same but for the transport.
func sameClaim(a, b rtevent.Claim) bool {
	return a.Name == b.Name && a.Level == b.Level && a.Assignee == b.Assignee && a.Port == b.Port && a.Description == b.Description
}

// registration is a registry row in words.
func registration(c rtevent.Claim) string {
	if c.Name == "" {
		return phrases(0, "no registered name", c.Notes)
	}
	quoted := ""
	if c.Description != "" {
		quoted = fmt.Sprintf("%q", c.Description)
	}
	words := phrases(0, c.Name, quoted, c.Assignee, c.Registered, c.Reference)
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

// life is a claim's level and the facts it rests on, sources that say the same together. What the registration's own
// line tells is not repeated.
func life(c rtevent.Claim) string {
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

// practice writes what software is known to use the port, and what is registered beside it.
func (w sheet) practice(p *page) {
	const most = 6
	title := "practice"
	lines := practised(p.Practice)
	for i, line := range lines {
		if i == most {
			w.section("", fmt.Sprintf("and %d more", len(lines)-i))
			break
		}
		w.section(title, printable(line))
		title = ""
	}
	if len(lines) == 0 {
		w.section(title, fmt.Sprintf("nothing known uses %d by default", p.Port))
	}
	for _, n := range p.neighbour {
		w.section("", printable(fmt.Sprintf("next to it: %d %s, %q, %s", n.Port, n.Name, n.Description, n.Level)))
	}
}

// practised words practice, a line for all transports of the same use.
func practised(rows []rtevent.Practice) []string {
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
			words = phrases(0, words, "in the past")
		}
		if words != "" {
			words = ": " + words
		}
		lines = append(lines, fmt.Sprintf("%s%s (%s)", u.software, words, phrases(0, append(transports[u], u.source)...)))
	}
	return lines
}
