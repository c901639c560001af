package attribute

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"rtevent"
)

// owned is what a package manager knows of a file: whose it is and, where it keeps one, the digest it was delivered with.
type owned struct {
	pkg    rtevent.Package
	digest digest
}

// manager is a package manager by the database that it keeps. find looks up several files at once, by their real paths;
// who is not in the answer is not owned.
type manager struct {
	name, database string
	find           func(ctx context.Context, files fs.FS, database string, paths []string) (map[string]owned, error)
}

// managers lists every database that is read, each in the places where the distributions keep it.
var managers = []manager{
	{"dpkg", "/var/lib/dpkg/status", findDpkg},
	{"dpkg", "/var/lib/dpkg/status.d", findDistroless},
	{"apk", "/lib/apk/db/installed", findApk},
	{"apk", "/usr/lib/apk/db/installed", findApk},
	{"rpm", "/var/lib/rpm/rpmdb.sqlite", findRpm},
	{"rpm", "/usr/lib/sysimage/rpm/rpmdb.sqlite", findRpm},
	{"rpm", "/var/lib/rpm/Packages.db", findRpm},
	{"rpm", "/usr/lib/sysimage/rpm/Packages.db", findRpm},
	{"rpm", "/var/lib/rpm/Packages", findRpm},
}

var errNoDatabase = errors.New("no package database that rtevent reads (dpkg, apk, rpm)")

// findOwners asks every package manager of a system, the next one only for what the ones before it do not own.
func findOwners(ctx context.Context, files fs.FS, paths []string) (map[string]owned, error) {
	found := map[string]owned{}
	asked := map[string]bool{}
	var errs []error
	for _, m := range managers {
		database := realPath(files, m.database) // one may be a link to another
		if _, err := fs.Stat(files, rel(database)); err != nil || asked[database] {
			continue
		}
		asked[database] = true
		var rest []string
		for _, p := range paths {
			if _, ok := found[p]; !ok {
				rest = append(rest, p)
			}
		}
		if len(rest) == 0 {
			continue
		}
		owners, err := m.find(ctx, files, database, rest)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.name, err))
		}
		for p, o := range owners {
			found[p] = o
		}
	}
	if len(asked) == 0 {
		return nil, errNoDatabase
	}
	return found, errors.Join(errs...)
}

// ownerCache remembers who owns which file, for every system, while its package databases stay as they are.
type ownerCache struct {
	mu      sync.Mutex
	systems map[fileID]*knownOwners
}

// knownOwners is what is known of one system. A file that nobody owns is known too, as nil.
type knownOwners struct {
	stamp string
	files map[string]*owned
}

// maxSystems bounds how many systems are remembered; containers come and go.
const maxSystems = 256

// find tells who owns the files of a system. What was found stays valid when an error is returned as well.
func (c *ownerCache) find(ctx context.Context, s *system, paths []string) (map[string]*owned, error) {
	stamp := databaseStamp(s.files)
	answer := map[string]*owned{}
	unknown := c.known(s.id, stamp, paths, answer)
	if len(unknown) == 0 {
		return answer, nil
	}
	found, err := findOwners(ctx, s.files, unknown)
	for _, p := range unknown {
		if o, ok := found[p]; ok {
			answer[p] = &o
		} else if err == nil {
			answer[p] = nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.systems[s.id]; k != nil && k.stamp == stamp {
		for p, o := range answer {
			k.files[p] = o
		}
	}
	return answer, err
}

// ownerOf tells who owns one file; nil when nobody does.
func (c *ownerCache) ownerOf(ctx context.Context, s *system, file string) (*owned, error) {
	answer, err := c.find(ctx, s, []string{file})
	return answer[file], err
}

// known puts what is remembered into answer and lists what is not. It starts afresh when the databases have changed.
func (c *ownerCache) known(id fileID, stamp string, paths []string, answer map[string]*owned) (unknown []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.systems[id]
	if k == nil || k.stamp != stamp {
		if c.systems == nil || len(c.systems) >= maxSystems {
			c.systems = map[fileID]*knownOwners{}
		}
		k = &knownOwners{stamp: stamp, files: map[string]*owned{}}
		c.systems[id] = k
	}
	for _, p := range paths {
		if o, ok := k.files[p]; ok {
			answer[p] = o
		} else {
			unknown = append(unknown, p)
		}
	}
	return unknown
}

// databaseStamp changes whenever a package is installed, removed or upgraded.
func databaseStamp(files fs.FS) string {
	var b strings.Builder
	stamp := func(name string) {
		if info, err := fs.Stat(files, rel(name)); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
	}
	stamp(dpkgUpdates)
	for _, m := range managers {
		stamp(m.database)
		if strings.HasSuffix(m.database, ".sqlite") {
			stamp(m.database + "-wal")
		}
	}
	return b.String()
}

// ownerByPath tells the package of a file that lies in a store whose paths name it: snap, flatpak, Nix, Guix, Homebrew.
func ownerByPath(files fs.FS, file string) *rtevent.Package {
	parts := strings.Split(strings.TrimPrefix(file, "/"), "/")
	at := func(i int) string {
		if i < len(parts)-1 { // the last part is the file itself
			return parts[i]
		}
		return ""
	}
	switch {
	case at(0) == "snap" && at(2) != "":
		return &rtevent.Package{Manager: "snap", Name: at(1), Version: snapVersion(files, at(1), at(2))}
	case at(0) == "app" && isFile(files, "/.flatpak-info"):
		return flatpak(files)
	case at(0) == "nix" && at(1) == "store":
		return storePackage("nix", at(2))
	case at(0) == "gnu" && at(1) == "store":
		return storePackage("guix", at(2))
	}
	if i := strings.Index(file, "/Cellar/"); i >= 0 {
		if f := strings.Split(file[i+len("/Cellar/"):], "/"); len(f) > 2 {
			return &rtevent.Package{Manager: "brew", Name: f[0], Version: f[1]}
		}
	}
	return nil
}

// snapVersion reads the version that a revision of a snap declares; the revision counts uploads only.
func snapVersion(files fs.FS, name, revision string) string {
	b, _ := readFile(files, path.Join("/snap", name, revision, "meta/snap.yaml"), maxText)
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "version:"); ok {
			return strings.Trim(strings.TrimSpace(v), `'"`)
		}
	}
	return ""
}

// flatpak reads the file that tells a sandboxed program what it is.
func flatpak(files fs.FS) *rtevent.Package {
	b, _ := readFile(files, "/.flatpak-info", maxText)
	for _, s := range parseUnit(b) {
		if s.section == "Application" && s.key == "name" {
			return &rtevent.Package{Manager: "flatpak", Name: s.value}
		}
	}
	return nil
}

// storePackage reads a directory of a store: "HASH-NAME-VERSION", where the version begins with the first digit after
// a dash.
func storePackage(manager, dir string) *rtevent.Package {
	_, name, ok := strings.Cut(dir, "-")
	if !ok || name == "" {
		return nil
	}
	for i := 1; i+1 < len(name); i++ {
		if name[i] == '-' && name[i+1] >= '0' && name[i+1] <= '9' {
			return &rtevent.Package{Manager: manager, Name: name[:i], Version: name[i+1:]}
		}
	}
	return &rtevent.Package{Manager: manager, Name: name}
}
