package page

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/words"
)

// row is a listener in a table: the words that are shown, and what is filtered and sorted by. All of it is printable.
// assets/row.js makes the same from an event; a test holds the two against each other.
type row struct {
	Topic     string    `json:"topic"`
	Seq       uint64    `json:"seq"`   // of the last event
	What      string    `json:"what"`  // that event: opened, identified, changed
	At        time.Time `json:"at"`    // when it happened
	Fresh     string    `json:"fresh"` // "new", "changed", or nothing for what was found already there
	Host      string    `json:"host"`  //
	Transport string    `json:"transport"`
	Port      uint16    `json:"port"`
	On        string    `json:"on"`
	Scope     string    `json:"scope"`
	Protocol  string    `json:"protocol"` // what it speaks, then product, version, TLS
	Spoken    string    `json:"spoken"`
	Name      string    `json:"name"` // who holds it, and more of that
	Held      string    `json:"held"`
	Called    string    `json:"called"` // all names that the holders go by, in lower case, one a line
	PIDs      []int     `json:"pids"`
	Claimed   string    `json:"claimed"`
	Level     string    `json:"level"`
	Label     string    `json:"label"`    // empty while it is being asked
	Severity  string    `json:"severity"` // of the gravest signal
	Summary   string    `json:"summary"`
	Why       string    `json:"why"` // that signal's reason
}

func newRow(seq uint64, c change) *row {
	l := *c.Data.Listener
	protocol, spoken := words.Speaks(l.Transport, l.Finding)
	if l.Verdict == nil {
		protocol, spoken = "…", []string{"being asked"}
	}
	name, held := words.Who(l)
	r := &row{
		Topic: words.Printable(c.Topic), Seq: seq, What: strings.TrimPrefix(c.Type, "rtevent.listener."), At: c.Time.UTC(),
		Fresh: freshness(c), Host: words.Printable(l.Host), Transport: words.Printable(string(l.Transport)), Port: l.Port,
		On: words.Printable(words.Where(l)), Scope: words.Printable(string(l.Scope)),
		Protocol: words.Printable(protocol), Spoken: words.Phrases(0, spoken...),
		Name: words.Printable(name), Held: words.Phrases(0, held...), Called: called(l.Holders), PIDs: []int{},
		Claimed: words.Printable(words.Claimed(l.Claim)),
	}
	for _, o := range l.Holders {
		if o.PID != 0 {
			r.PIDs = append(r.PIDs, o.PID)
		}
	}
	if l.Claim != nil {
		r.Level = words.Printable(string(l.Claim.Level))
	}
	if v := l.Verdict; v != nil {
		r.Label, r.Summary = words.Printable(string(v.Label)), words.Printable(v.Summary)
		if len(v.Signals) > 0 { // the gravest comes first
			r.Severity, r.Why = words.Printable(string(v.Signals[0].Severity)), words.Printable(v.Signals[0].Why)
		}
	}
	return r
}

// freshness says why a row deserves the eye for a while.
func freshness(c change) string {
	switch {
	case c.Data.Existing:
		return ""
	case c.Type == rtevent.ListenerChanged:
		return "changed"
	default:
		return "new"
	}
}

// called lists the names that the holders go by, as `rtevent --process` takes them.
func called(holders []rtevent.Owner) string {
	var names []string
	for _, o := range holders {
		of := []string{o.Name, base(o.Exe), o.Unit, o.User}
		if o.Package != nil {
			of = append(of, o.Package.Name)
		}
		if p := o.Program; p != nil {
			of = append(of, p.Name, base(p.Path), base(p.Project))
		}
		for _, n := range of {
			if n = strings.ToLower(words.Printable(n)); n != "" && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return strings.Join(names, "\n")
}

func base(name string) string {
	if name == "" {
		return ""
	}
	return path.Base(name)
}

// severities are the grades, from nothing on.
var severities = [...]string{"", string(rtevent.Info), string(rtevent.Low), string(rtevent.Medium), string(rtevent.High)}

func gravity(severity string) int { return max(slices.Index(severities[:], severity), 0) }

// scrutiny tells whether the listener deserves it.
func (r *row) scrutiny() bool { return gravity(r.Severity) >= gravity(string(rtevent.Medium)) }

// byScrutiny is the default order: what deserves scrutiny first, the gravest before all, then by port.
func byScrutiny(a, b *row) int {
	return cmp.Or(cmp.Compare(concern(b), concern(a)), byPort(a, b))
}

func concern(r *row) int {
	if r.scrutiny() {
		return gravity(r.Severity)
	}
	return 0
}

func byPort(a, b *row) int {
	return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Topic, b.Topic))
}

// Grade is the class of the row: what deserves scrutiny has a colour.
func (r *row) Grade() string {
	if r.scrutiny() {
		return r.Severity
	}
	return ""
}

// Marks counts the severity in exclamation marks.
func (r *row) Marks() string {
	switch rtevent.Severity(r.Severity) {
	case rtevent.High:
		return "!!"
	case rtevent.Medium:
		return "!"
	}
	return ""
}

// fresh is how long a row is marked as new or changed.
const fresh = 10 * time.Minute

// Badge is that mark, while it lasts.
func (r *row) Badge() string {
	if time.Since(r.At) < fresh {
		return r.Fresh
	}
	return ""
}
