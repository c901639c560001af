package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/survey"
)

// here writes what is there now: the address and what it speaks, who holds it, and what deserves scrutiny.
func (w sheet) here(p *page) {
	title := "here now"
	for _, l := range p.Listeners {
		w.section(title, printable(spokenAt(l)))
		title = ""
		for _, line := range evidence(l.Finding) {
			w.section("", printable(line))
		}
		for i, o := range l.Holders {
			if i == 5 {
				w.section("", fmt.Sprintf("and %d more processes", len(l.Holders)-i))
				break
			}
			w.section("", printable(holder(o)))
		}
		for _, s := range l.Verdict.Signals {
			w.signal(s)
		}
	}
	if len(p.Listeners) == 0 {
		w.section(title, "nothing listens on it in any namespace that could be seen")
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
	for i, line := range wrap(mark+printable(s.Why), max(w.width-margin, 20)) {
		if i > 0 {
			line = strings.Repeat(" ", len(mark)) + line
		}
		fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", margin), w.paint(shade, line))
	}
}

// spokenAt says where a listener is and what asking it told.
func spokenAt(l rtevent.Listener) string {
	at := l.Address.String()
	if l.Address.Is6() {
		at = "[" + at + "]"
	}
	at += ":" + l.PortName()
	f := l.Finding
	var said string
	switch protocol, rest := speaks(l.Transport, l.Finding); {
	case f.NotAsked != "":
		why := f.NotAsked
		if why != survey.NoProbe {
			why += " (--insist asks)"
		}
		return fmt.Sprintf("%s was not asked: %s", at, why)
	case f.Known():
		said = "speaks " + phrases(0, append([]string{protocol}, rest...)...)
	case f.Behaviour == rtevent.Silent && l.Transport == rtevent.TCP:
		said = "accepts and never answers"
	default:
		said = phrases(0, rest...)
	}
	ways := "1 way"
	if n := len(f.Tried); n != 1 {
		ways = fmt.Sprintf("%d ways", n)
	}
	return fmt.Sprintf("%s %s (%s asked, %.1f s)", at, said, ways, float64(f.TookMS)/1000)
}

// evidence lists what the finding rests on beyond its protocol and product: the bytes seen, the certificate, details.
func evidence(f *rtevent.Finding) []string {
	var lines []string
	if f.VersionFrom != "" {
		lines = append(lines, fmt.Sprintf("the version is that of the %s: it does not tell its own", f.VersionFrom))
	}
	if t := f.TLS; t != nil {
		lines = append(lines, certificate(t))
	}
	for i, e := range f.Evidence {
		if i == 2 || e.Saw == "" {
			break
		}
		lines = append(lines, fmt.Sprintf("asked %s, saw %s", e.Asked, fit(e.Saw, 100)))
	}
	keys := make([]string, 0, len(f.Details))
	for k := range f.Details {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		lines = append(lines, k+": "+f.Details[k])
	}
	return lines
}

func certificate(t *rtevent.TLS) string {
	parts := []string{"TLS " + t.Version}
	if t.ALPN != "" {
		parts = append(parts, "ALPN "+t.ALPN)
	}
	if t.Subject != "" {
		parts = append(parts, "certificate of "+t.Subject)
	}
	if len(t.Names) > 0 {
		parts = append(parts, "for "+few(t.Names, 4))
	}
	if !t.NotAfter.IsZero() {
		parts = append(parts, "until "+t.NotAfter.UTC().Format(time.DateOnly))
	}
	return strings.Join(parts, ", ")
}

// holder is one process in full.
func holder(o rtevent.Owner) string {
	if o.Unseen != "" {
		return phrases(0, "held by a process that could not be seen: "+o.Unseen, o.Unit, userOf(o))
	}
	name := ownerName(o)
	if words := programWords(o); words != "" {
		name += " " + words
	} else if o.Exe != "" {
		name = o.Exe
	}
	parts := []string{fmt.Sprintf("pid %d", o.PID), userOf(o)}
	if !o.Started.IsZero() {
		parts = append(parts, "since "+since(o.Started))
	}
	parts = append(parts, forwards(o), o.Unit, containerWords(o), packageInFull(o), startedBy(o))
	return name + "  " + phrases(0, parts...) + strings.Join(append([]string{""}, o.Unread...), "; unread: ")
}

// since tells a time as a person would: the hour of today, else the date.
func since(t time.Time) string {
	if t = t.Local(); time.Since(t) < 24*time.Hour {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

func packageInFull(o rtevent.Owner) string {
	p := o.Package
	if o.Program != nil && o.Program.Package != nil {
		p = o.Program.Package
	}
	if p == nil {
		return ""
	}
	words := strings.TrimSpace("package " + p.Name + " " + p.Version)
	switch {
	case p.Intact == nil:
		return words
	case *p.Intact:
		return words + " (intact)"
	default:
		return words + " (altered)"
	}
}

func startedBy(o rtevent.Owner) string {
	if len(o.Ancestry) == 0 {
		return ""
	}
	names := make([]string, len(o.Ancestry))
	for i, a := range o.Ancestry {
		names[i] = a.Name
	}
	return "started by " + strings.Join(names, " < ")
}

// claimed writes what the registry says, transport by transport where they differ.
func (w sheet) claimed(p *page) {
	title := "claimed"
	for i, c := range p.Claims {
		if slices.ContainsFunc(p.Claims[:i], func(b rtevent.Claim) bool { return sameClaim(b, c) }) {
			continue
		}
		transports := []string{}
		for _, d := range p.Claims {
			if sameClaim(c, d) {
				transports = append(transports, string(d.Transport))
			}
		}
		w.section(title, printable(registration(c)+" ("+strings.Join(transports, ", ")+")"))
		title = ""
		w.section("", printable(life(c)))
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

// life is a claim's level and the facts it rests on.
func life(c rtevent.Claim) string {
	var facts, silent []string
	for _, f := range c.Basis {
		if f.Silent {
			silent = append(silent, f.Source)
			continue
		}
		facts = append(facts, f.Source+": "+f.Says)
	}
	if len(silent) > 0 {
		facts = append(facts, "silent: "+strings.Join(silent, ", "))
	}
	words := string(c.Level)
	if c.Contested {
		words += ", contested"
	}
	return strings.Join(append([]string{words}, strings.Join(facts, "; ")), ": ")
}

// practice writes what software is known to use the port, and what is registered beside it.
func (w sheet) practice(p *page) {
	title := "practice"
	for i, r := range p.Practice {
		if i == 6 {
			w.section("", fmt.Sprintf("and %d more", len(p.Practice)-i))
			break
		}
		words := phrases(0, r.Software, r.Protocol)
		if r.Historical {
			words += ", in the past"
		}
		w.section(title, fmt.Sprintf("%s (%s; %s)", printable(words), r.Transport, printable(r.Source)))
		title = ""
	}
	if len(p.Practice) == 0 {
		w.section(title, fmt.Sprintf("nothing known uses %d by default", p.Port))
	}
	for _, n := range p.neighbour {
		w.section("", printable(fmt.Sprintf("next to it: %d %s, %q, %s", n.Port, n.Name, n.Description, n.Level)))
	}
}
