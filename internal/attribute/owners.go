package attribute

import (
	"context"
	"path"
	"slices"

	"rtevent"
)

// addPackages finds the packages of all executables and scripts that were seen, in one search for each system.
func (a *Attributor) addPackages(ctx context.Context, seen []sight) {
	wanted := map[*system][]string{}
	for _, s := range seen {
		if s.err == nil && s.process.system != nil {
			wanted[s.process.system] = append(wanted[s.process.system], packagedFiles(&s.owner)...)
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
				answer.give(&seen[i].owner)
			}
		}
		bound(&seen[i].owner)
	}
}

// packagedFiles lists the files of an Owner that a package may own: the executable and the script, the latter also
// by its real path.
func packagedFiles(o *rtevent.Owner) []string {
	var files []string
	if o.Exe != "" && !o.ExeInMemory {
		files = append(files, o.Exe)
	}
	if o.Program != nil && path.IsAbs(o.Program.Path) {
		files = append(files, o.Program.Path)
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
func (a packages) give(o *rtevent.Owner) {
	for _, file := range packagedFiles(o) {
		p := ownerByPath(a.system.files, file)
		if owner := a.owners[file]; p == nil && owner != nil {
			known := owner.pkg
			p = &known
		}
		if p == nil && a.err != nil {
			note := "package: " + a.err.Error()
			if !slices.Contains(o.Unread, note) {
				o.Unread = append(o.Unread, note)
			}
		}
		if file == o.Exe {
			o.Package = p
		} else {
			program := *o.Program
			program.Package = p
			o.Program = &program
		}
	}
}
