package attribute

import (
	"context"
	"slices"

	"rtevent"
)

// addPackages finds the packages of all executables and scripts that were seen, in one search for each system.
func (a *Attributor) addPackages(ctx context.Context, seen []sight) {
	wanted := map[*system][]string{}
	for _, s := range seen {
		if s.err == nil && s.process.system != nil {
			wanted[s.process.system] = append(wanted[s.process.system], s.files()...)
		}
	}
	var systems []*system
	for s, files := range wanted {
		slices.Sort(files)
		if wanted[s] = slices.Compact(files); len(wanted[s]) > 0 {
			systems = append(systems, s)
		}
	}
	answers := make([]packages, len(systems))
	parallel(len(systems), func(i int) {
		owners, err := a.owners.find(ctx, systems[i], wanted[systems[i]])
		answers[i] = packages{systems[i], owners, err}
	})
	for i := range seen {
		for _, answer := range answers {
			if seen[i].err == nil && seen[i].process.system == answer.system {
				answer.give(&seen[i])
			}
		}
		bound(&seen[i].owner)
	}
}

// files lists what a package may own: the executable, and the script under its own and its real path.
func (s *sight) files() []string {
	var files []string
	if s.owner.Exe != "" && !s.owner.ExeInMemory {
		files = append(files, s.owner.Exe)
	}
	if s.process.script != "" {
		files = append(files, s.owner.Program.Path, s.process.script)
	}
	return files
}

// packages is the answer of one system's package databases.
type packages struct {
	system *system
	owners map[string]*owned
	err    error
}

// give sets the packages of an Owner.
func (a packages) give(s *sight) {
	o := &s.owner
	if o.Exe != "" && !o.ExeInMemory {
		o.Package = a.of(o.Exe)
	}
	if s.process.script != "" {
		o.Program.Package = a.of(o.Program.Path, s.process.script)
	}
	missing := o.Package == nil || s.process.script != "" && o.Program.Package == nil
	if missing && a.err != nil {
		o.Unread = append(o.Unread, "package: "+a.err.Error())
	}
}

// of is the package of a file that may have several paths; nil when none is known.
func (a packages) of(paths ...string) *rtevent.Package {
	for _, file := range paths {
		if owner := a.owners[file]; owner != nil {
			known := owner.pkg
			return &known
		}
	}
	return ownerByPath(a.system.files, paths[len(paths)-1])
}
