package attribute

import (
	"path"
	"slices"
	"time"
	"unicode/utf8"

	"rtevent"
)

const (
	// startSlack is how far two readings of a start time may lie apart: one is counted in ticks from a boot time in
	// whole seconds, the other may come from a finer clock.
	startSlack = 2 * time.Second

	// maxAncestry bounds how far the line of parents is followed.
	maxAncestry = 32
)

// conclude turns what was read of a process into an Owner. Packages are added later, for all at once.
func conclude(h *host, p *process) rtevent.Owner {
	o := rtevent.Owner{
		PID: p.pid, Name: p.stat.name, UID: p.uid, Started: p.started,
		Exe: p.exe.path, Invoked: p.exe.invoked, ExeDeleted: p.exe.deleted, ExeInMemory: p.exe.inMemory,
		ExeModified: calendar(p.exe.modified), ExeChanged: calendar(p.exe.changed),
	}
	var cut bool
	if o.Cmdline, cut = cutArgs(p.args, maxCmdline); cut || p.cut {
		p.unread = append(p.unread, "cmdline: only its beginning is kept")
	}
	var unreadable string
	if o.Ancestry, unreadable = ancestry(h.parent, p); unreadable != "" {
		p.unread = append(p.unread, unreadable)
	}
	o.Container = containerOf(p.cgroup, o.Ancestry)
	if o.Container == nil {
		o.Container = p.container
	}
	if o.Container != nil {
		o.Container.Name = containerName(h.own.files, *o.Container)
	}
	o.Unit = unitOf(p.cgroup)
	if p.system != nil {
		concludeFiles(p, &o)
	}
	o.Unread = slices.Clip(p.unread)
	return o
}

// calendar keeps a time within the years that can be written: whoever owns a file may set its time to any.
func calendar(t time.Time) time.Time {
	switch year := t.Year(); {
	case year > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	case year < 1:
		return time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
	}
	return t
}

// concludeFiles adds what the file tree of a process tells.
func concludeFiles(p *process, o *rtevent.Owner) {
	if p.uid != nil && (p.exe.path != "" || p.stat.thread || o.Container == nil) { // else whose users they are is unknown
		o.User = p.system.userName(p.inside)
	}
	if o.Program = programOf(p); o.Program != nil && path.IsAbs(o.Program.Path) {
		p.script = realPath(p.system.files, o.Program.Path)
	}
	o.WorldWritable = plantable(p, o.Program)
}

const (
	maxName = 256  // bytes of a name or version that a process or its files give
	maxPath = 4096 // bytes of a path, as in the kernel
)

// bound cuts the texts of an Owner that the process or its files could make of any length.
func bound(o *rtevent.Owner) {
	short := []*string{&o.User, &o.Unit}
	long := []*string{&o.Exe, &o.Invoked}
	if p := o.Program; p != nil {
		short = append(short, &p.Name, &p.Version, &p.Runtime)
		long = append(long, &p.Path, &p.Project)
		if p.Package != nil {
			short = append(short, &p.Package.Name, &p.Package.Version)
		}
	}
	if o.Package != nil {
		short = append(short, &o.Package.Name, &o.Package.Version)
	}
	if o.Container != nil {
		short = append(short, &o.Container.ID, &o.Container.Name)
	}
	for _, s := range short {
		*s = cutText(*s, maxName)
	}
	for _, s := range long {
		*s = cutText(*s, maxPath)
	}
}

// cutText keeps at most n bytes of a text and no half of a letter.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// ancestry follows the line of parents. A parent that is younger than its child has only inherited the number of the
// real one, and a line that does not end is cut. The text says what could not be read.
func ancestry(read func(int) (procStat, error), p *process) ([]rtevent.Ancestor, string) {
	var line []rtevent.Ancestor
	child := p.stat
	for pid := child.parent; pid > 0 && len(line) < maxAncestry; {
		s, err := read(pid)
		if err != nil {
			return line, "ancestry: the parent: " + err.Error()
		}
		if s.started > child.started {
			return line, "ancestry: the parent exited"
		}
		line = append(line, rtevent.Ancestor{PID: pid, Name: s.name})
		pid, child = s.parent, s
	}
	return line, ""
}
