// This file tells at length what asking a listener told, and who holds it.

package words

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"rtevent"
)

// Spoken says where a listener is and what asking it told.
func Spoken(l rtevent.Listener) string {
	at := Endpoint(l)
	f := l.Finding
	var said string
	switch protocol, rest := Speaks(l.Transport, f); {
	case strings.HasPrefix(f.NotAsked, "--"): // the user wanted it so
		return at + " was not asked: " + f.NotAsked
	case f.NotAsked != "":
		return fmt.Sprintf("%s was not asked: %s (--insist asks)", at, f.NotAsked)
	case f.Known():
		said = "speaks " + Phrases(0, append([]string{protocol}, rest...)...)
	case f.Behaviour == rtevent.Silent && l.Transport == rtevent.TCP:
		said = "accepts and never answers"
	case f.Behaviour == rtevent.Answers:
		said = "answers in no protocol that is known"
	default:
		said = Phrases(0, rest...)
	}
	return fmt.Sprintf("%s %s (asked in %s, %s)", at, said, Counted(len(f.Tried), "way"), took(f.TookMS))
}

// Endpoint is where a listener takes traffic, with its network namespace if that is another than ours.
func Endpoint(l rtevent.Listener) string {
	at := Where(l)
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

// Evidence lists what the finding rests on beyond its protocol and product: the bytes seen, as far as they fit a line of
// that width, the certificate, details.
func Evidence(f *rtevent.Finding, width int) []string {
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
		lines = append(lines, words+Fit(e.Saw, max(width-len(words), 20)))
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
		parts = append(parts, "for "+Few(t.Names, 4))
	}
	if !t.NotAfter.IsZero() {
		parts = append(parts, "until "+t.NotAfter.UTC().Format(time.DateOnly))
	}
	return strings.Join(parts, ", ")
}

// Holder is one process in full.
func Holder(o rtevent.Owner) string {
	if o.Unseen != "" && o.Exe == "" && o.Name == "" {
		return "held by " + Phrases(0, "a process that could not be seen ("+o.Unseen+")", o.Unit, userOf(o))
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
	if o.Unseen != "" { // the kernel told who it was, and no more
		parts = append(parts, o.Unseen)
	}
	return "held by " + Phrases(0, parts...) + strings.Join(append([]string{""}, o.Unread...), "; unread: ")
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
