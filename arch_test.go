package rtevent_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors gives every package its floor: it imports only packages of lower floors, so that the stages cannot see each
// other. A new package is a line here and a sentence in ARCHITECTURE.md.
var floors = map[string]int{
	"rtevent":                     0,
	"rtevent/internal/protocol":   1,
	"rtevent/internal/iana":       1,
	"rtevent/internal/iana/gen":   2,
	"rtevent/internal/transcript": 1,
	"rtevent/internal/datagram":   1,
	"rtevent/internal/wire":       1,
	"rtevent/internal/words":      1,
	"rtevent/internal/tail":       1,
	"rtevent/internal/conform":    2,
	"rtevent/client":              2,
	"rtevent/client/rteventtest":  3,
	"rtevent/internal/deliver":    2,
	"rtevent/internal/observe":    2,
	"rtevent/internal/attribute":  2,
	"rtevent/internal/identify":   2,
	"rtevent/internal/judge":      2,
	"rtevent/internal/page":       2,
	"rtevent/internal/sweep":      2,
	"rtevent/internal/journal":    2,
	"rtevent/internal/inspect":    3,
	"rtevent/internal/survey":     4,
	"rtevent/internal/live":       4,
	"rtevent/internal/view":       5,
	"rtevent/internal/daemon":     5,
	"rtevent/internal/devca":      1,
	"rtevent/internal/probe":      4,
	"rtevent/internal/cli":        6,
	"rtevent/cmd/rtevent":         7,
	"rtevent/testbed":             7,
	"rtevent/testbed/odd":         7,
	"rtevent/bench":               8,
	"rtevent/calibrate":           8,
	"rtevent/examples":            8,
	"rtevent/packaging":           8,
}

// doors gives every heavy dependency the one package that may import it.
var doors = map[string]string{
	"github.com/cilium/ebpf": "rtevent/internal/observe",
	"github.com/nats-io":     "rtevent/internal/journal",
	"github.com/spf13/cobra": "rtevent/internal/cli",
	"go.yaml.in/yaml/v3":     "rtevent/internal/judge",
}

// forbidden gives every import that no product code may have the reason.
var forbidden = map[string]string{
	"os/exec": "rtevent reads the system itself: forking is slow and trusts whatever PATH holds",
	"unsafe":  "kernel bytes are read with bounds checks",
}

// TestHouse parses every Go file itself, of all operating systems at once, so that no build cache and no build tag can
// hide a broken rule.
func TestHouse(t *testing.T) {
	architecture := read(t, "ARCHITECTURE.md")
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || file != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		pkg := path.Join("rtevent", filepath.ToSlash(filepath.Dir(file)))
		seen[pkg] = true
		checkFile(t, pkg, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range floors {
		if !seen[pkg] {
			t.Errorf("%s has a floor but no files: remove its line", pkg)
		}
		if !strings.Contains(architecture, "`"+strings.TrimPrefix(pkg, "rtevent/")+"`") {
			t.Errorf("ARCHITECTURE.md does not name `%s`", strings.TrimPrefix(pkg, "rtevent/"))
		}
	}
}

func checkFile(t *testing.T, pkg, file string) {
	t.Helper()
	floor, known := floors[pkg]
	if !known {
		t.Errorf("%s: package %s has no floor in arch_test.go", file, pkg)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	test := strings.HasSuffix(file, "_test.go")
	generated := strings.HasSuffix(file, "_bpfel.go")
	for _, spec := range f.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if name == "rtevent" || strings.HasPrefix(name, "rtevent/") {
			if below, ok := floors[name]; !test && (!ok || below >= floor) {
				t.Errorf("%s: %s (floor %d) imports %s (floor %d): only lower floors", file, pkg, floor, name, below)
			}
		}
		for dep, door := range doors {
			if (name == dep || strings.HasPrefix(name, dep+"/")) && pkg != door {
				t.Errorf("%s: %s comes in by %s only", file, dep, door)
			}
		}
		if why, bad := forbidden[name]; bad && !test && !generated && floor < 7 {
			t.Errorf("%s: imports %s: %s", file, name, why)
		}
	}
}

// TestVocabulary keeps rooms for odds and ends out of the house.
func TestVocabulary(t *testing.T) {
	for pkg := range floors {
		switch path.Base(pkg) {
		case "util", "utils", "common", "types", "helpers", "misc", "base":
			t.Errorf("%s: name the concept", pkg)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
