// The report: the figures, who was taken for whom, and every wrong answer with what it rests on.

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"rtevent"
)

func report(out io.Writer, results []result) {
	for _, r := range results {
		fmt.Fprintf(out, "%s: %s\n", strings.ToUpper(r.setting[:1])+r.setting[1:], r.asked())
		for _, why := range slices.Sorted(maps.Keys(r.leftOut)) {
			fmt.Fprintf(out, "  left out: %d %s\n", r.leftOut[why], why)
		}
		r.figures(out)
		r.confusion(out)
		r.missing(out)
		r.mistakes(out)
		fmt.Fprintln(out)
	}
}

// asked tells who was asked.
func (r result) asked() string {
	of, protocols := map[kind]int{}, map[string]bool{}
	for _, a := range r.answers {
		of[a.kind]++
		if a.kind == recording {
			protocols[a.truth.Protocol] = true
		}
	}
	var parts []string
	for _, k := range []kind{recording, lookAlike, odd, live} {
		if of[k] == 0 {
			continue
		}
		part := fmt.Sprintf("%d %s", of[k], k)
		if k == recording {
			part += fmt.Sprintf(" of %d protocols", len(protocols))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// figures prints the table of precision and recall.
func (r result) figures(out io.Writer) {
	fmt.Fprintf(out, "\n  %-9s %6s   %-35s   %-35s\n", "", "", "strong", "weak")
	fmt.Fprintf(out, "  %-9s %6s", "", "there")
	for range confidences {
		fmt.Fprintf(out, "   %6s %6s %10s %8s", "named", "right", "precision", "recall")
	}
	fmt.Fprintln(out)
	for i, s := range r.score() {
		fmt.Fprintf(out, "  %-9s %6d", fields[i], s.there)
		for _, c := range confidences {
			of := s.by[c]
			precision := "-"
			if of.named > 0 {
				precision = percent(of.precision())
			}
			fmt.Fprintf(out, "   %6d %6d %10s %8s", of.named, of.right, precision, percent(s.recall(c)))
		}
		fmt.Fprintln(out)
	}
}

// percent is rounded down: 100.0 means all.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", float64(int(share*1000))/10) }

// confusion prints which protocols were taken for which, except for themselves.
func (r result) confusion(out io.Writer) {
	type pair struct {
		expected, got string
		confidence    rtevent.Confidence
	}
	who := map[pair][]string{}
	for _, a := range r.answers {
		if got := a.names()[0]; got != a.truth.Protocol {
			p := pair{orNothing(a.truth.Protocol), orNothing(got), a.found.Confidence}
			if got == "" {
				p.confidence = ""
			}
			who[p] = append(who[p], a.name)
		}
	}
	if len(who) == 0 {
		fmt.Fprintln(out, "\n  no protocol was taken for another")
		return
	}
	fmt.Fprintf(out, "\n  %-16s %-16s %-8s %s\n", "expected", "got", "", "")
	order := func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.expected, b.expected), cmp.Compare(a.got, b.got), cmp.Compare(a.confidence, b.confidence))
	}
	for _, p := range slices.SortedFunc(maps.Keys(who), order) {
		fmt.Fprintf(out, "  %-16s %-16s %-8s %4d  %s\n", p.expected, p.got, p.confidence, len(who[p]), strings.Join(who[p], ", "))
	}
}

func orNothing(name string) string { return cmp.Or(name, "(nothing)") }

// missing prints of whom the protocol was named and more was there to name.
func (r result) missing(out io.Writer) {
	for i := 1; i < len(fields); i++ {
		var who []string
		for _, a := range r.answers {
			if a.right(0) && a.names()[i] == "" && names(a.truth)[i] != "" {
				who = append(who, a.name)
			}
		}
		if len(who) > 0 {
			fmt.Fprintf(out, "  no %s: %s\n", fields[i], strings.Join(who, ", "))
		}
	}
}

// mistakes prints the wrong answers with their evidence.
func (r result) mistakes(out io.Writer) {
	for _, a := range r.answers {
		if !a.wrong() {
			continue
		}
		fmt.Fprintf(out, "\n  wrong: %s is %s, and was found to be %s (%s)\n", a.name, spelt(a.truth), spelt(a.found), a.found.Confidence)
		for _, e := range a.found.Evidence {
			fmt.Fprintf(out, "    %-12s %s: %.100s\n", e.Asked, e.Says, e.Saw)
		}
	}
}

// spelt is a finding in a few words.
func spelt(f rtevent.Finding) string {
	return orNothing(strings.Join(strings.Fields(strings.Join([]string{f.Protocol, f.Product, f.Version}, " ")), " "))
}
