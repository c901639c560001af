package cli

import (
	"fmt"
	"slices"
	"strings"

	"rtevent"
	"rtevent/internal/words"
)

// claimed writes what the registry says, transport by transport where they differ, and the signs of life below the
// names that share them.
func (w sheet) claimed(p *page) {
	title := "claimed"
	var distinct []rtevent.Claim
	for _, c := range p.Claims {
		if !slices.ContainsFunc(distinct, func(d rtevent.Claim) bool { return words.SameClaim(c, d) }) {
			distinct = append(distinct, c)
		}
	}
	for i, c := range distinct {
		var transports []string
		for _, d := range p.Claims {
			if words.SameClaim(c, d) {
				transports = append(transports, string(d.Transport))
			}
		}
		w.section(title, words.Printable(words.Registration(c)+" ("+strings.Join(transports, ", ")+")"))
		title = ""
		if i+1 == len(distinct) || words.Life(distinct[i+1]) != words.Life(c) {
			w.section("", words.Printable(words.Life(c)))
		}
	}
}

// practice writes what software is known to use the port, and what is registered beside it.
func (w sheet) practice(p *page) {
	const most = 6
	title := "practice"
	lines := words.Practised(p.Practice)
	for i, line := range lines {
		if i == most {
			w.section("", fmt.Sprintf("and %d more", len(lines)-i))
			break
		}
		w.section(title, words.Printable(line))
		title = ""
	}
	if len(lines) == 0 {
		w.section(title, fmt.Sprintf("nothing known uses %d by default", p.Port.Port))
	}
	for _, n := range p.neighbour {
		w.section("", words.Printable(fmt.Sprintf("next to it: %d %s, %q, %s", n.Port, n.Name, n.Description, n.Level)))
	}
}
