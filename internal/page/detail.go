// This file is a listener at length: what it answered, who holds it, what deserves a look.

package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/words"
)

// listenerView is everything about one listener. All of it is printable.
type listenerView struct {
	Name     string // "3706/tcp"
	Host     string
	Endpoint string
	Scope    string
	Label    string // empty while it is being asked
	Severity string
	Summary  string
	Spoken   string
	Facts    []fact
	Evidence []rtevent.Evidence
	Tried    string
	Holders  []holderView
	More     int // holders that are left out
	Signals  []rtevent.Signal
}

// fact is one thing that is known, under its name.
type fact struct{ Name, Value string }

type holderView struct {
	Name  string
	Facts []fact
}

// mostHolders bounds how many processes of one listener are shown.
const mostHolders = 8

func newListenerView(l rtevent.Listener) listenerView {
	v := listenerView{
		Name: words.Printable(l.PortName()), Host: words.Printable(l.Host), Endpoint: words.Printable(words.Endpoint(l)), Scope: reach(l.Scope),
		Spoken: "it is being asked what it speaks",
	}
	if v.Summary = "something listens; it is being asked what it speaks"; l.Verdict != nil {
		v.Label, v.Summary = words.Printable(string(l.Verdict.Label)), words.Printable(l.Verdict.Summary)
		for _, s := range l.Verdict.Signals {
			v.Signals = append(v.Signals, rtevent.Signal{ID: words.Printable(s.ID), Severity: s.Severity, Why: words.Printable(s.Why)})
		}
		if len(v.Signals) > 0 {
			v.Severity = words.Printable(string(v.Signals[0].Severity))
		}
	}
	if f := l.Finding; f != nil {
		v.Spoken = words.Printable(words.Spoken(l))
		v.Facts, v.Evidence, v.Tried = findingFacts(f), evidence(f), words.Phrases(0, f.Tried...)
	}
	for i, o := range l.Holders {
		if i == mostHolders {
			v.More = len(l.Holders) - i
			break
		}
		v.Holders = append(v.Holders, newHolderView(o))
	}
	return v
}

// reach says in words from where a listener can be reached.
func reach(s rtevent.Scope) string {
	switch s {
	case rtevent.Loopback:
		return "from this host only"
	case rtevent.Interface:
		return "on one address or device"
	case rtevent.All:
		return "on every address of the host"
	default:
		return words.Printable(string(s))
	}
}

// facts gathers what is known, in order.
type facts []fact

func (f *facts) add(name, value string) {
	if value != "" {
		*f = append(*f, fact{words.Printable(name), words.Printable(value)})
	}
}

func findingFacts(f *rtevent.Finding) []fact {
	var known facts
	known.add("protocol", f.Protocol)
	known.add("product", join(f.Product, f.Version))
	if f.ProductFrom != "" {
		known.add("product known from", "the "+f.ProductFrom)
	}
	if f.VersionFrom != "" {
		known.add("version known from", "the "+f.VersionFrom)
	}
	known.add("confidence", string(f.Confidence))
	known.add("behaviour", string(f.Behaviour))
	if t := f.TLS; t != nil {
		known.add("TLS", words.Phrases(0, t.Version, t.ALPN))
		known.add("certificate of", t.Subject)
		known.add("issued by", t.Issuer)
		known.add("for", words.Few(t.Names, 12))
		known.add("valid from", day(t.NotBefore))
		known.add("valid until", day(t.NotAfter))
		known.add("fingerprint", t.SHA256)
		if t.ClientCert {
			known.add("clients", "are asked for a certificate")
		}
	}
	for _, k := range slices.Sorted(maps.Keys(f.Details)) {
		known.add(k, f.Details[k])
	}
	known.add("CPE", f.CPE)
	return known
}

// evidence is the exchanges that showed something, made printable.
func evidence(f *rtevent.Finding) []rtevent.Evidence {
	var shown []rtevent.Evidence
	for _, e := range f.Evidence {
		shown = append(shown, rtevent.Evidence{
			Asked: words.Printable(e.Asked), Sent: words.Fit(words.Printable(e.Sent), 400), Saw: words.Fit(words.Printable(e.Saw), 400), Says: words.Printable(e.Says),
		})
	}
	return shown
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func join(parts ...string) string { return strings.TrimSpace(strings.Join(parts, " ")) }

func newHolderView(o rtevent.Owner) holderView {
	if o.Unseen != "" {
		v := holderView{Name: "a process that could not be seen"}
		var known facts
		known.add("why", o.Unseen)
		known.add("unit", o.Unit)
		known.add("user", userOf(o))
		v.Facts = known
		return v
	}
	name, _ := words.Who(rtevent.Listener{Holders: []rtevent.Owner{o}})
	var known facts
	if o.PID != 0 {
		known.add("pid", fmt.Sprint(o.PID))
	}
	known.add("user", userOf(o))
	known.add("executable", executable(o))
	if o.Invoked != "" {
		known.add("started as", o.Invoked)
	}
	known.add("command line", words.Fit(strings.Join(o.Cmdline, " "), 400))
	if p := o.Program; p != nil {
		known.add("program", join(p.Kind, p.Name, p.Version))
		known.add("its file", p.Path)
		known.add("its project", p.Project)
	}
	known.add("package", packages(o))
	known.add("unit", o.Unit)
	if c := o.Container; c != nil {
		known.add("container", join(c.Runtime, c.Name, words.Fit(c.ID, 13)))
	}
	known.add("starts on demand", o.Activates)
	known.add("forwards to", o.ForwardsTo)
	if !o.Started.IsZero() {
		known.add("since", o.Started.Local().Format("2006-01-02 15:04:05"))
	}
	known.add("started by", ancestry(o))
	known.add("unread", strings.Join(o.Unread, "; "))
	return holderView{Name: words.Printable(name), Facts: known}
}

func executable(o rtevent.Owner) string {
	switch {
	case o.ExeInMemory:
		return o.Exe + " (in memory only)"
	case o.ExeDeleted:
		return o.Exe + " (deleted since)"
	default:
		return o.Exe
	}
}

func packages(o rtevent.Owner) string {
	p := o.Provider()
	if p == nil {
		if o.Exe == "" || o.Container != nil {
			return ""
		}
		return "none owns it"
	}
	name := join(p.Manager, p.Name, p.Version)
	switch {
	case p.Intact == nil:
		return name
	case *p.Intact:
		return name + ", intact"
	default:
		return name + ", altered"
	}
}

func ancestry(o rtevent.Owner) string {
	names := make([]string, len(o.Ancestry))
	for i, a := range o.Ancestry {
		names[i] = a.Name
	}
	return strings.Join(names, " < ")
}

func userOf(o rtevent.Owner) string {
	switch {
	case o.User != "" && o.UID != nil:
		return fmt.Sprintf("%s (%d)", o.User, *o.UID)
	case o.UID != nil:
		return fmt.Sprintf("uid %d", *o.UID)
	default:
		return o.User
	}
}
