package attribute

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAgainstDpkg asks dpkg itself who owns every program of this system, and compares.
func TestAgainstDpkg(t *testing.T) {
	query, err := exec.LookPath("dpkg-query")
	if err != nil {
		t.Skip("needs dpkg")
	}
	var paths []string
	for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/local/bin"} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if e.Type().IsRegular() {
				paths = append(paths, filepath.Join(dir, e.Name()))
			}
		}
	}
	s, err := openSystem("/")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var want map[string]string
	var got map[string]owned
	before := ""
	for tries := 0; before != databaseStamp(s.files); tries++ {
		if tries == 10 {
			t.Skip("packages are being installed all the time")
		}
		before = databaseStamp(s.files)
		want = dpkgSays(t, query, paths)
		if got, err = findOwners(context.Background(), s.files, paths); err != nil {
			t.Fatal(err)
		}
	}
	diversions, _ := os.ReadFile("/var/lib/dpkg/diversions")
	paths = slices.DeleteFunc(paths, func(p string) bool { return strings.Contains(string(diversions), p+"\n") })
	for _, p := range paths {
		if o := got[p]; o.pkg.Name+" "+o.pkg.Version != want[p] && (want[p] != "" || o.pkg.Name != "") {
			t.Errorf("%s: got %s %s, want %q", p, o.pkg.Name, o.pkg.Version, want[p])
		}
	}
	if len(got) < len(paths)/2 {
		t.Errorf("%d of %d files are owned", len(got), len(paths))
	}
}

// dpkgSays maps files to "PACKAGE VERSION" by what dpkg-query prints. It knows nothing of a merged /usr, so it is asked
// for both paths.
func dpkgSays(t *testing.T, query string, paths []string) map[string]string {
	t.Helper()
	out, err := exec.Command(query, "-W", "-f", "${Package} ${Version}\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		versions[name] = version
	}
	args := []string{"-S"}
	for _, p := range paths {
		args = append(args, p, strings.TrimPrefix(p, "/usr"))
	}
	out, err = exec.Command(query, args...).Output() // fails for the files that nobody owns
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	says := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(name, "diversion by") || strings.Contains(name, ",") { // the diverted ones are TestDpkg's
			continue
		}
		name, _, _ = strings.Cut(name, ":")
		if !strings.HasPrefix(file, "/usr/") {
			file = "/usr" + file
		}
		says[file] = name + " " + versions[name]
	}
	return says
}
