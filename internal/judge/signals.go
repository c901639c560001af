package judge

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"rtevent"
)

// signals lists what deserves a look, the gravest first. Each rests on a fact of the case and says which.
func signals(c Case, claim rtevent.Claim, label rtevent.Label) []rtevent.Signal {
	var found []rtevent.Signal
	add := func(id string, s rtevent.Severity, format string, args ...any) {
		signal := rtevent.Signal{ID: id, Severity: s, Why: fmt.Sprintf(format, args...)}
		if !slices.Contains(found, signal) { // the workers of one server share their facts
			found = append(found, signal)
		}
	}
	listenerSignals(c, claim, label, add)
	for _, o := range c.Listener.Holders {
		ownerSignals(c, o, label, add)
	}
	slices.SortStableFunc(found, func(a, b rtevent.Signal) int { return rank(b.Severity) - rank(a.Severity) })
	return found
}

// adder files one signal.
type adder func(id string, s rtevent.Severity, format string, args ...any)

func rank(s rtevent.Severity) int {
	return slices.Index([]rtevent.Severity{rtevent.Info, rtevent.Low, rtevent.Medium, rtevent.High}, s)
}

func listenerSignals(c Case, claim rtevent.Claim, label rtevent.Label, add adder) {
	l := c.Listener
	if len(l.HiddenFrom) > 0 {
		add("hidden", rtevent.High, "the kernel shows it in one view but not in %s", strings.Join(l.HiddenFrom, ", "))
	}
	if why := c.Policy.violation(&l, c.Now); why != "" {
		add("policy-violation", rtevent.High, "%s", why)
	}
	if label == rtevent.Mislabelled && l.Scope != rtevent.Loopback {
		alive := claim.Level == rtevent.Standard || claim.Level == rtevent.Implemented
		severity := rtevent.Info
		if alive && !claim.Contested {
			severity = rtevent.Low
		}
		add("claim-differs", severity, "reachable from outside and speaks %s on the port of %s", l.Finding.Protocol, claim.Name)
	}
	if f := l.Finding; f != nil && f.TLS != nil && !f.TLS.NotAfter.IsZero() && f.TLS.NotAfter.Before(c.Now) {
		add("certificate-expired", rtevent.Low, "its certificate expired on %s", f.TLS.NotAfter.UTC().Format(time.DateOnly))
	}
}

func ownerSignals(c Case, o rtevent.Owner, label rtevent.Label, add adder) {
	if o.Unseen != "" {
		add("owner-unseen", rtevent.Info, "who holds it could not be seen: %s", o.Unseen)
		return
	}
	executableSignals(c, o, add)
	programSignals(c, o, label, add)
}

// executableSignals judges the file that runs.
func executableSignals(c Case, o rtevent.Owner, add adder) {
	switch {
	case o.ExeInMemory:
		add("exe-in-memory", rtevent.High, "its executable (%s) exists in memory only", o.Exe)
	case o.ExeDeleted && o.Package == nil:
		add("exe-deleted", rtevent.High, "its executable %s was deleted, and no package owns that path", o.Exe)
	case o.ExeDeleted:
		add("exe-deleted", rtevent.Low, "its executable was replaced or removed since it started: it runs an older %s", o.Package.Name)
	case o.Package != nil && o.Package.Intact != nil && !*o.Package.Intact:
		add("package-altered", rtevent.High, "%s is not the file that package %s delivered", o.Exe, o.Package.Name)
	}
	if o.WorldWritable != "" {
		add("world-writable", rtevent.High, "anybody may write to %s, where its program lies", o.WorldWritable)
	}
	if masked(o) {
		add("disguised", rtevent.High, "calls itself %q as kernel threads do, but runs %s", o.Cmdline[0], o.Exe)
	}
	if !o.ExeDeleted && !o.ExeInMemory && o.Package == nil {
		timeSignals(o, add)
	}
}

// timeSignals compares the process with the file it runs from; only for files that no package put there, since
// upgrades touch the files of the others.
func timeSignals(o rtevent.Owner, add adder) {
	if o.Started.IsZero() {
		return
	}
	const slack = 2 * time.Second // process start times are counted in clock ticks from a rounded boot time
	switch {
	case o.ExeModified.After(o.Started.Add(slack)):
		add("exe-newer", rtevent.Low, "its executable was modified (%s) after it started (%s)",
			o.ExeModified.UTC().Format(time.RFC3339), o.Started.UTC().Format(time.RFC3339))
	case o.ExeChanged.Before(o.Started) && o.Started.Sub(o.ExeChanged) < 10*time.Minute && o.ExeModified.Before(o.ExeChanged.Add(-24*time.Hour)):
		add("exe-arrived", rtevent.Info, "its executable came to this host %s before it started, with an older date on it",
			o.Started.Sub(o.ExeChanged).Round(time.Second))
	}
}

// programSignals judges what runs inside the executable, and who answers for it.
func programSignals(c Case, o rtevent.Owner, label rtevent.Label, add adder) {
	unowned := o.Exe != "" && o.Container == nil && o.Provider() == nil && !unread(o, "package")
	outside := c.Listener.Scope != rtevent.Loopback
	switch {
	case unowned && label == rtevent.Unidentified:
		add("unknown-program", rtevent.Medium, "it is not known what it speaks, and no package owns %s", program(o))
	case unowned && outside:
		add("no-package", rtevent.Low, "no package owns %s", program(o))
	case unowned:
		add("no-package", rtevent.Info, "no package owns %s", program(o))
	}
	own, invoked := path.Base(o.Exe), path.Base(cmp.Or(o.Invoked, o.Exe)) // busybox, and "nc" that it was called
	switch {
	case c.Listener.Scope != rtevent.All:
	case shells[own] || shells[invoked]:
		add("shell-exposed", rtevent.High, "%s, which runs commands, listens on all addresses", invoked)
	case relays[own] || relays[invoked]:
		add("relay-exposed", rtevent.Medium, "%s, which hands connections to whatever it is told, listens on all addresses", invoked)
	case unowned && o.Program != nil && scripts[o.Program.Kind]:
		add("interpreter-exposed", rtevent.Medium, "%s runs %s, which no package owns, on all addresses", invoked, program(o))
	}
}

// shells are programs that hand a connection to a command line.
var shells = map[string]bool{
	"sh": true, "bash": true, "dash": true, "zsh": true, "ksh": true, "mksh": true, "fish": true, "ash": true, "pwsh": true,
}

// relays are programs that carry a connection to a command or another host.
var relays = map[string]bool{
	"nc": true, "nc.openbsd": true, "nc.traditional": true, "ncat": true, "socat": true,
}

// scripts are the kinds of programs that an interpreter reads as text.
var scripts = map[string]bool{"python": true, "node": true, "ruby": true, "php": true, "perl": true, "lua": true, "shell": true}

// unread tells whether a field of an Owner is among those that could not be read: then its absence says nothing.
func unread(o rtevent.Owner, field string) bool {
	return slices.ContainsFunc(o.Unread, func(u string) bool { return strings.HasPrefix(u, field+":") })
}

// program is the path of what runs: the script or jar where there is one, else the executable.
func program(o rtevent.Owner) string {
	switch p := o.Program; {
	case !o.Hosts():
		return o.Exe
	case strings.HasPrefix(p.Name, "-"): // python3 -c
		return "the code on its command line"
	case p.Path != "":
		return p.Path
	default:
		return p.Name
	}
}

// masked tells whether a process with an executable writes its own name as the kernel writes its threads': "[kworker]".
func masked(o rtevent.Owner) bool {
	return o.Exe != "" && len(o.Cmdline) > 0 && strings.HasPrefix(o.Cmdline[0], "[") && strings.HasSuffix(o.Cmdline[0], "]")
}
