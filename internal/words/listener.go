package words

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"rtevent"
)

// behaviours says in a person's words how an endpoint that was not identified behaves.
var behaviours = map[rtevent.Behaviour]string{
	rtevent.Answers:           "answers, unknown",
	rtevent.Silent:            "accepts, is silent",
	rtevent.Closes:            "closes at once",
	rtevent.ClosesOnData:      "closes on data",
	rtevent.Streams:           "streams without end",
	rtevent.AnswersEverything: "answers everything alike",
	rtevent.Refuses:           "accepts nobody",
	"":                        "cut short",
}

// labels says in a person's words what a label means.
var labels = map[rtevent.Label]string{
	rtevent.AsRegistered: "as registered",
	rtevent.AsPractised:  "as practised",
	rtevent.Mislabelled:  "mislabelled",
	rtevent.Unregistered: "unregistered",
	rtevent.Unidentified: "unidentified",
	rtevent.NotAsked:     "not asked",
}

// Label is a label in a person's words; empty for what is none.
func Label(l rtevent.Label) string { return labels[l] }

// Labels lists all labels, in the order of the alphabet.
func Labels() []rtevent.Label { return slices.Sorted(maps.Keys(labels)) }

// Speaks lists what an endpoint speaks, the most telling first: the protocol, then product and version, then TLS.
func Speaks(t rtevent.Transport, f *rtevent.Finding) (protocol string, rest []string) {
	switch {
	case f == nil || f.NotAsked != "":
		return "?", []string{"not asked"}
	case !f.Known():
		how := behaviours[f.Behaviour]
		if t == rtevent.UDP && f.Behaviour == rtevent.Silent {
			how = "does not answer"
		}
		return "-", []string{how}
	case f.Protocol == "tls":
		return "tls", []string{"unknown inside: " + behaviours[f.Behaviour]}
	}
	rest = []string{strings.TrimSpace(f.Product + " " + f.Version)}
	if f.TLS != nil {
		rest = append(rest, "TLS "+f.TLS.Version)
	}
	if f.StartTLS != nil {
		rest = append(rest, "STARTTLS "+f.StartTLS.Version)
	}
	if f.Confidence == rtevent.Weak {
		rest = append(rest, "weak")
	}
	return f.Protocol, rest
}

// Who lists who holds a listener, the most telling first.
func Who(l rtevent.Listener) (name string, rest []string) {
	o := mainHolder(l)
	if l.LikelyClient {
		rest = append(rest, "likely a client")
	}
	switch {
	case o.Unseen == "":
	case o.Unseen == rtevent.NotRead:
		return ownerName(o), append(rest, o.Unit, userOf(o))
	case o.Exe == "" && o.Name == "":
		return "unseen", append(rest, o.Unit, userOf(o), o.Unseen)
	default: // the kernel told who it was
		return ownerName(o), append(rest, o.Unit, userOf(o), o.Unseen)
	}
	rest = append(rest, alias(o), forwards(o), programWords(o), o.Unit, containerWords(o), l.Namespace, userOf(o), packageWords(o))
	if n := len(l.Holders); n > 1 {
		rest = append(rest, fmt.Sprintf("%d processes", n))
	}
	return ownerName(o), rest
}

// mainHolder is the holder to name first: one that was seen and does not merely hold the socket for another.
func mainHolder(l rtevent.Listener) rtevent.Owner {
	var best rtevent.Owner
	for i, o := range l.Holders {
		seen := o.Unseen == "" && o.Activates == ""
		if i == 0 || seen && (best.Unseen != "" || best.Activates != "") {
			best = o
		}
	}
	return best
}

func ownerName(o rtevent.Owner) string {
	if exe := cmp.Or(o.Invoked, o.Exe); exe != "" {
		return path.Base(exe)
	}
	return cmp.Or(o.Name, fmt.Sprintf("pid %d", o.PID))
}

// alias is the name that a process goes by where it is none of its executable's. The kernel keeps 15 characters of it.
func alias(o rtevent.Owner) string {
	if o.Name == "" || strings.HasPrefix(ownerName(o), o.Name) || o.Program != nil {
		return ""
	}
	return "as " + o.Name
}

func userOf(o rtevent.Owner) string {
	switch {
	case o.User != "":
		return o.User
	case o.UID != nil:
		return fmt.Sprintf("uid %d", *o.UID)
	default:
		return ""
	}
}

func programWords(o rtevent.Owner) string {
	p := o.Program
	if p == nil {
		return ""
	}
	name := p.Name
	if p.Kind != "go" && p.Path != "" {
		name = p.Path
	}
	if p.Kind == "go" && o.Package != nil {
		return "" // a packaged Go program: its unit and package say more than its module path
	}
	return strings.TrimSpace(name + " " + p.Version)
}

func packageWords(o rtevent.Owner) string {
	switch p := o.Provider(); {
	case p == nil:
		return ""
	case p.Intact == nil:
		return "package " + p.Name
	case *p.Intact:
		return "package intact"
	default:
		return "package altered"
	}
}

func containerWords(o rtevent.Owner) string {
	c := o.Container
	switch {
	case c == nil:
		return ""
	case c.Name != "":
		return c.Runtime + " " + c.Name
	default:
		return c.Runtime + " " + Fit(c.ID, 13)
	}
}

func forwards(o rtevent.Owner) string {
	switch {
	case o.Activates != "":
		return "starts " + o.Activates
	case o.ForwardsTo != "":
		return "forwards to " + o.ForwardsTo
	default:
		return ""
	}
}

// Marks counts the severity of the gravest signal in exclamation marks.
func Marks(v *rtevent.Verdict) string {
	grave := ""
	for _, s := range v.Signals {
		switch s.Severity {
		case rtevent.High:
			return " !!"
		case rtevent.Medium:
			grave = " !"
		}
	}
	return grave
}

// Claimed is the registered name, marked when it is a ghost's.
func Claimed(c *rtevent.Claim) string {
	switch {
	case c == nil || c.Name == "":
		return "-"
	case c.Level == rtevent.Ghost:
		return c.Name + "*"
	default:
		return c.Name
	}
}

// Where is the address that a listener takes traffic on.
func Where(l rtevent.Listener) string {
	a := l.Address.String()
	switch {
	case l.DualStack && l.Address.IsUnspecified():
		a = "*"
	case l.Address.Is4() && l.Address.IsUnspecified():
		a = "0.0.0.0"
	case l.Address == netip.IPv6Unspecified():
		a = "[::]"
	}
	if l.Device != "" {
		a += "%" + Printable(l.Device)
	}
	return a
}

// Gap tells what could not be seen, why, and what would help.
func Gap(g rtevent.Gap) string {
	words := g.What + ": " + g.Why
	if g.Remedy != "" {
		words += " (" + g.Remedy + ")"
	}
	return Printable(words)
}
