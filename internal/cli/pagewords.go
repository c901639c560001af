package cli

import (
	"fmt"
	"strings"

	"rtevent"
	"rtevent/internal/words"
)

// here writes what is there now: the address and what it speaks, who holds it, and what deserves scrutiny.
func (w sheet) here(p *page) {
	const most = 5 // processes
	title := "here now"
	for _, l := range p.Listeners {
		w.section(title, words.Printable(words.Spoken(l)))
		title = ""
		for _, line := range words.Evidence(l.Finding, w.width-margin) {
			w.section("", words.Printable(line))
		}
		for i, o := range l.Holders {
			if i == most {
				w.section("", "and "+fmt.Sprintf("%d more processes", len(l.Holders)-i))
				break
			}
			w.section("", words.Printable(words.Holder(o)))
		}
		for _, s := range l.Verdict.Signals {
			if s.ID != "owner-unseen" { // the holder's line says so
				w.signal(s)
			}
		}
	}
}

// signal writes one signal; from medium on it is marked as deserving scrutiny.
func (w sheet) signal(s rtevent.Signal) {
	mark, shade := map[rtevent.Severity]string{rtevent.High: "!! ", rtevent.Medium: "! "}[s.Severity], ""
	switch s.Severity {
	case rtevent.High:
		shade = red
	case rtevent.Medium:
		shade = yellow
	}
	for i, line := range words.Wrap(mark+words.Printable(s.Why), max(w.width-margin, 20)) {
		if i > 0 {
			line = strings.Repeat(" ", len(mark)) + line
		}
		fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", margin), w.paint(shade, line))
	}
}
