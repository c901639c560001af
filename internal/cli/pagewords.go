package cli

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/survey"
)

// here writes what is there now: the address and what it speaks, who holds it, and what deserves scrutiny.
func (w sheet) here(p *page) {
	const most = 5 // processes
	title := "here now"
	for _, l := range p.Listeners {
		w.section(title, printable(spokenAt(l)))
		title = ""
		for _, line := range evidence(l.Finding, w.width-margin) {
			w.section("", printable(line))
		}
		for i, o := range l.Holders {
			if i == most {
				w.section("", "and "+fmt.Sprintf("%d more processes", len(l.Holders)-i))
				break
			}
			w.section("", printable(holder(o)))
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
	for i, line := range wrap(mark+printable(s.Why), max(w.width-margin, 20)) {
		if i > 0 {
			line = strings.Repeat(" ", len(mark)) + line
		}
		fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", margin), w.paint(shade, line))
	}
}

// spokenAt says where a listener is and what asking it told.
func spokenAt(l rtevent.Listener) string {
	at := endpoint(l)
	f := l.Finding
	var said string
	switch protocol, rest := speaks(l.Transport, f); {
	case f.NotAsked == survey.NoProbe:
		return at + " was not asked: " + f.NotAsked
	case f.NotAsked != "":
		return fmt.Sprintf("%s was not asked: %s (--insist asks)", at, f.NotAsked)
	case f.Known():
		said = "speaks " + phrases(0, append([]string{protocol}, rest...)...)
	case f.Behaviour == rtevent.Silent && l.Transport == rtevent.TCP:
		said = "accepts and never answers"
	case f.Behaviour == rtevent.Answers:
		said = "answers in no protocol that is known"
	default:
		said = phrases(0, rest...)
	}
	return fmt.Sprintf("%s %s (asked in %s, %s)", at, said, counted(len(f.Tried), "way"), took(f.TookMS))
}

// endpoint is where a listener takes traffic, with its network namespace if that is another than ours.
func endpoint(l rtevent.Listener) string {
	at := where(l)
	if l.Address.Is6() && !l.Address.IsUnspecified() {
		at = "[" + at + "]"
	}
	at += ":" + l.PortName()
	switch {
	case strings.HasPrefix(l.Namespace, "pid "):
		at += " in the network namespace of " + l.Namespace
	case l.Namespace != "":
		at += " in the network namespace " + l.Namespace
	}
	return at
}

// took is a time in milliseconds as a person would tell it.
func took(ms int64) string {
	if ms < 100 {
		return fmt.Sprintf("%dms", ms)
	}
	return fmt.Sprintf("%.1fs", float64(ms)/1000)
}

// evidence lists what the finding rests on beyond its protocol and product: the bytes seen, as far as they fit a line of
// that width, the certificate, details.
func evidence(f *rtevent.Finding, width int) []string {
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
		words := "asked in " + e.Asked + ", it answers "
		if e.Asked == "wait" {
			words = "it greets with "
		}
		lines = append(lines, words+fit(e.Saw, max(width-len(words), 20)))
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
		return "held by " + phrases(0, "a process that could not be seen ("+o.Unseen+")", o.Unit, userOf(o))
	}
	name := ownerName(o)
	if words := programWords(o); words != "" {
		name += " " + words
	} else if o.Exe != "" {
		name = o.Exe
	}
	parts := []string{name, fmt.Sprintf("pid %d", o.PID), userOf(o)}
	if o.Invoked != "" && !o.Hosts() {
		parts = slices.Insert(parts, 1, "as "+o.Invoked)
	}
	if !o.Started.IsZero() {
		parts = append(parts, "since "+since(o.Started))
	}
	parts = append(parts, forwards(o), o.Unit, containerWords(o), packageInFull(o), startedBy(o))
	return "held by " + phrases(0, parts...) + strings.Join(append([]string{""}, o.Unread...), "; unread: ")
}

// since tells a time as a person would: the hour of today, else the date.
func since(t time.Time) string {
	if t = t.Local(); time.Since(t) < 24*time.Hour {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// packageInFull is the package that answers for what runs, or only for its interpreter.
func packageInFull(o rtevent.Owner) string {
	p, whose := o.Provider(), ""
	if p == nil && o.Package != nil {
		p, whose = o.Package, path.Base(o.Exe)+" from "
	}
	if p == nil {
		return ""
	}
	words := whose + strings.TrimSpace("package "+p.Name+" "+p.Version)
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
