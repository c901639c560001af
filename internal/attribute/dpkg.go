package attribute

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"rtevent"
)

const (
	dpkgDir     = "/var/lib/dpkg"
	dpkgInfo    = dpkgDir + "/info"
	dpkgUpdates = dpkgDir + "/updates"

	// maxDatabase bounds one file of a package database that is read whole; a full desktop's status has some 10 MiB.
	maxDatabase = 64 << 20
)

// dpkgWant is a file asked for, under the path that dpkg's lists may have for it.
type dpkgWant struct {
	asked        string
	only, except string // where a diversion decides: the one package that counts, or the one that does not
}

// dpkgHit says which package lists a file, and as what.
type dpkgHit struct {
	pkg    dpkgPackage
	listed string
}

// dpkgPackage is a package as the status has it.
type dpkgPackage struct {
	name, version string
	files         string // what its lists are called: the name, with the architecture where several may be installed
	installed     bool   // its files are in place
}

// findDpkg reads the lists of files that dpkg keeps, one for each package. Every list is read once, whatever the number
// of files, the likeliest packages first, until every file is found.
func findDpkg(ctx context.Context, files fs.FS, status string, paths []string) (map[string]owned, error) {
	packages, err := readStatus(files, status)
	if err != nil {
		return nil, err
	}
	wanted := dpkgWanted(files, paths)
	sortByLikeness(packages, wanted)
	found := map[string]owned{}
	for asked, hit := range scanDpkg(ctx, files, packages, wanted, len(paths)) {
		o := owned{pkg: rtevent.Package{Manager: "dpkg", Name: hit.pkg.name, Version: hit.pkg.version}}
		if sums, err := readFile(files, path.Join(dpkgInfo, hit.pkg.files+".md5sums"), maxDatabase); err == nil {
			o.digest = md5For(sums, hit.listed)
		}
		found[asked] = o
	}
	return found, ctx.Err()
}

// readStatus lists the packages that have their files in place. While dpkg works, or after it was killed, the newest
// states of packages are in files of their own beside the status.
func readStatus(files fs.FS, status string) ([]dpkgPackage, error) {
	b, err := readFile(files, status, maxDatabase)
	if err != nil {
		return nil, err
	}
	list := parseStatus(b)
	updates, _ := readNames(files, dpkgUpdates)
	slices.Sort(updates)
	for _, name := range updates {
		b, err := readFile(files, path.Join(dpkgUpdates, name), maxText)
		if err != nil || strings.Trim(name, "0123456789") != "" {
			continue
		}
		for _, p := range parseStatus(b) {
			list = slices.DeleteFunc(list, func(old dpkgPackage) bool { return old.files == p.files })
			list = append(list, p)
		}
	}
	return slices.DeleteFunc(list, func(p dpkgPackage) bool { return !p.installed }), nil
}

// parseStatus lists the packages in dpkg's status.
func parseStatus(status []byte) []dpkgPackage {
	var list []dpkgPackage
	for len(status) > 0 {
		paragraph := status
		if i := bytes.Index(status, []byte("\n\n")); i >= 0 {
			paragraph, status = status[:i], status[i+2:]
		} else {
			status = nil
		}
		if p := parseParagraph(paragraph); p.name != "" {
			list = append(list, p)
		}
	}
	return list
}

// parseParagraph reads one package of the status.
func parseParagraph(paragraph []byte) (p dpkgPackage) {
	var arch, multi string
	for line := range bytes.Lines(paragraph) {
		key, value, ok := bytes.Cut(line, []byte(": "))
		if !ok {
			continue
		}
		switch string(key) {
		case "Package":
			p.name = text(value)
		case "Status": // want, flag and state
			state := strings.Fields(text(value))
			p.installed = len(state) == 3 && state[2] != "not-installed" && state[2] != "config-files"
		case "Version":
			p.version = text(value)
		case "Architecture":
			arch = text(value)
		case "Multi-Arch":
			multi = text(value)
		}
	}
	p.files = p.name
	if multi == "same" {
		p.files += ":" + arch
	}
	return p
}

func text(b []byte) string { return string(bytes.TrimSpace(b)) }

// dpkgWanted maps the paths that may be in the lists to the files they mean: a list may say /bin/ss where the file is
// /usr/bin/ss, and a diverted file lies elsewhere than its list says.
func dpkgWanted(files fs.FS, paths []string) map[string][]dpkgWant {
	wanted := map[string][]dpkgWant{}
	links := mergedDirs(files)
	for _, p := range paths {
		for _, name := range aliases(links, p) {
			wanted[name] = append(wanted[name], dpkgWant{asked: p})
		}
	}
	b, _ := readFile(files, dpkgDir+"/diversions", maxDatabase)
	lines := strings.Split(string(b), "\n")
	for i := 0; i+2 < len(lines); i += 3 {
		from, to, by := lines[i], lines[i+1], lines[i+2]
		diverted := wanted[to]
		delete(wanted, to)
		for j := range wanted[from] {
			wanted[from][j].only = by
		}
		for _, w := range diverted {
			wanted[from] = append(wanted[from], dpkgWant{asked: w.asked, except: by})
		}
	}
	return wanted
}

// mergedDirs lists the directories that a merged /usr has replaced by links, as pairs of link and target.
func mergedDirs(files fs.FS) [][2]string {
	var links [][2]string
	for _, dir := range []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr/sbin", "/usr/lib64"} {
		if real := realPath(files, dir); real != dir {
			links = append(links, [2]string{dir, real})
		}
	}
	return links
}

// aliases lists a path and the other paths that lead to it over the links.
func aliases(links [][2]string, file string) []string {
	names := []string{file}
	for _, l := range links {
		if rest, ok := strings.CutPrefix(file, l[1]+"/"); ok {
			names = append(names, l[0]+"/"+rest)
		}
	}
	return names
}

// scanDpkg searches the lists of all packages, on all processors, until as many files as were asked for are found.
func scanDpkg(ctx context.Context, files fs.FS, packages []dpkgPackage, wanted map[string][]dpkgWant, asked int) map[string]dpkgHit {
	hits := map[string]dpkgHit{}
	var mu sync.Mutex
	var done atomic.Bool
	parallel(len(packages), func(i int) {
		if done.Load() || ctx.Err() != nil {
			return
		}
		pkg := packages[i]
		b, err := readFile(files, path.Join(dpkgInfo, pkg.files+".list"), maxDatabase)
		if err != nil {
			return // removed meanwhile
		}
		for line := range bytes.Lines(b) {
			listed := bytes.TrimSuffix(line, []byte("\n"))
			for _, w := range wanted[string(listed)] {
				if w.only != "" && w.only != pkg.name || w.except != "" && w.except == pkg.name {
					continue
				}
				mu.Lock()
				hits[w.asked] = dpkgHit{pkg, string(listed)}
				done.Store(len(hits) == asked)
				mu.Unlock()
			}
		}
	})
	return hits
}

// sortByLikeness puts the packages first that are called like one of the wanted files.
func sortByLikeness(packages []dpkgPackage, wanted map[string][]dpkgWant) {
	var stems []string
	for p := range wanted {
		if stem := strings.TrimRight(path.Base(p), "d.-0123456789"); len(stem) > 2 {
			stems = append(stems, stem)
		}
	}
	unlike := func(p dpkgPackage) int {
		if slices.ContainsFunc(stems, func(stem string) bool { return strings.Contains(p.name, stem) }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(packages, func(a, b dpkgPackage) int { return unlike(a) - unlike(b) })
}

// field finds a field of a paragraph as Debian's control files have them.
func field(paragraph []byte, name string) string {
	for at := 0; at >= 0 && at < len(paragraph); {
		line := paragraph[at:]
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok && len(rest) > 0 && rest[0] == ':' {
			value, _, _ := bytes.Cut(rest[1:], []byte("\n"))
			return string(bytes.TrimSpace(value))
		}
		next := bytes.IndexByte(line, '\n')
		if next < 0 {
			return ""
		}
		at += next + 1
	}
	return ""
}

// md5For finds a file in an *.md5sums of dpkg: digest, two spaces, the path without its slash.
func md5For(sums []byte, listed string) digest {
	for line := range bytes.Lines(sums) {
		sum, name, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("  "))
		if !ok || "/"+string(name) != listed {
			continue
		}
		if raw, err := hex.DecodeString(string(sum)); err == nil && len(raw) == crypto.MD5.Size() {
			return digest{crypto.MD5, string(raw)}
		}
	}
	return digest{}
}

// findDistroless reads the database of images without a package manager: a directory with a status for each package,
// and beside it the digests, which are also the only list of its files.
func findDistroless(_ context.Context, files fs.FS, dir string, paths []string) (map[string]owned, error) {
	names, err := readNames(files, dir)
	if err != nil {
		return nil, err
	}
	wanted := dpkgWanted(files, paths)
	found := map[string]owned{}
	for _, name := range names {
		pkg, ok := strings.CutSuffix(name, ".md5sums")
		if !ok {
			continue
		}
		sums, err := readFile(files, path.Join(dir, name), maxDatabase)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(sums) {
			_, listed, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("  "))
			for _, w := range wanted["/"+string(listed)] {
				status, _ := readFile(files, path.Join(dir, pkg), maxText)
				found[w.asked] = owned{
					pkg:    rtevent.Package{Manager: "dpkg", Name: field(status, "Package"), Version: field(status, "Version")},
					digest: md5For(sums, "/"+string(listed)),
				}
			}
		}
	}
	return found, nil
}
