package cli

import (
	"fmt"
	"io"
	"strings"

	"rtevent"
	"rtevent/internal/judge"
	"rtevent/internal/words"
)

// report is what came of checking a host.
type report struct {
	judge.Holding
	policy   *judge.Policy     // nil: none was asked for
	coverage *rtevent.Coverage // of the look that was held against it
	probed   bool              // for hidden listeners
	refused  error             // why not all ports could be probed
}

// outcome turns a report into the end of the command.
func (r report) outcome() error {
	switch undecided := r.Count(judge.Undecided); {
	case len(r.Deviations) > undecided:
		return outcome(exitScrutiny)
	case undecided > 0 || r.refused != nil:
		return outcome(exitPermission)
	default:
		return nil
	}
}

// deviationMarks are the marks of a diff: what is there and should not be, what should be there and is not.
var deviationMarks = map[judge.DeviationKind]struct{ mark, colour string }{
	judge.NotAllowed: {"+", red},
	judge.Hidden:     {"+", red},
	judge.Missing:    {"-", red},
	judge.Expired:    {"!", yellow},
	judge.Undecided:  {"?", yellow},
}

// write prints the report for a person.
func (r report) write(s screen) {
	width := s.width
	if width == 0 {
		width = 100
	}
	for _, d := range r.Deviations {
		m := deviationMarks[d.Kind]
		fmt.Fprintf(s, "%s\n", s.paint(m.colour, words.Fit(m.mark+" "+deviant(d), s.width)))
		for _, line := range words.Wrap(words.Printable(d.Why), width-4) {
			fmt.Fprintf(s, "    %s\n", line)
		}
	}
	text := r.sentence()
	if r.probed {
		text += fmt.Sprintf(" %s.", words.Counted(r.Count(judge.Hidden), "hidden listener"))
	}
	for _, line := range words.Wrap(strings.TrimSpace(text), width) {
		fmt.Fprintln(s, line)
	}
	if r.coverage != nil {
		for _, g := range r.coverage.Gaps {
			fmt.Fprintf(s, "! %s\n", words.Gap(g))
		}
	}
}

// deviant is what a deviation is about: "4444/tcp 0.0.0.0 nc, root" or "6379/tcp, program /usr/bin/redis-server".
func deviant(d judge.Deviation) string {
	if d.Rule != nil {
		rule := d.Rule.String()
		if d.Rule.Reason != "" {
			rule += fmt.Sprintf(" (%s)", d.Rule.Reason)
		}
		return words.Printable(rule) + fmt.Sprintf(", line %d", d.Rule.Line)
	}
	name, held := words.Who(*d.Listener)
	return fmt.Sprintf("%s %s %s", d.Listener.PortName(), words.Where(*d.Listener), words.Phrases(0, append([]string{name}, held...)...))
}

// sentence is the report in numbers.
func (r report) sentence() string {
	if r.policy == nil {
		return ""
	}
	total := len(r.Allowed) + r.Count(judge.NotAllowed) + r.Count(judge.Undecided)
	text := fmt.Sprintf("%s: %d allowed, %d not", words.Counted(total, "listener"), len(r.Allowed), r.Count(judge.NotAllowed))
	if n := r.Count(judge.Undecided); n > 0 {
		text += fmt.Sprintf(", %d undecided", n)
	}
	if n := len(r.Met) + r.Count(judge.Missing); n > 0 {
		text += fmt.Sprintf("; %d of %d required are there", len(r.Met), n)
	}
	if n := r.Count(judge.Expired); n > 0 {
		text += fmt.Sprintf("; %s expired", words.Counted(n, "rule"))
	}
	return text + "."
}

// writeJSON prints a line for each deviation and a last one that sums up.
func (r report) writeJSON(out io.Writer) error {
	for _, d := range r.Deviations {
		if err := printJSON(out, struct {
			Schema string `json:"schema"`
			Kind   string `json:"kind"`
			judge.Deviation
		}{rtevent.Schema, "deviation", d}); err != nil {
			return err
		}
	}
	type total struct {
		Allowed    int `json:"allowed"`
		NotAllowed int `json:"not_allowed"`
		Hidden     int `json:"hidden"`
		Undecided  int `json:"undecided"`
		Met        int `json:"met"`
		Missing    int `json:"missing"`
		Expired    int `json:"expired"`
	}
	return printJSON(out, struct {
		Schema   string            `json:"schema"`
		Kind     string            `json:"kind"`
		Total    total             `json:"total"`
		Coverage *rtevent.Coverage `json:"coverage,omitempty"`
	}{rtevent.Schema, "check", total{
		len(r.Allowed), r.Count(judge.NotAllowed), r.Count(judge.Hidden), r.Count(judge.Undecided), len(r.Met), r.Count(judge.Missing), r.Count(judge.Expired),
	}, r.coverage})
}
