package conform

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestVectorsNameStatements holds that every statement of the specification is shown by a vector or stands in the list of
// what cannot be seen, that none is in both, and that no vector names what is none.
func TestVectorsNameStatements(t *testing.T) {
	stated := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^- \*\*(RTE-[0-9.]+-[0-9]+)\*\* `).FindAllStringSubmatch(read(t, "../../docs/rt-event.md"), -1) {
		if stated[m[1]] {
			t.Errorf("the specification states %s twice", m[1])
		}
		stated[m[1]] = true
	}
	shown := map[string]bool{}
	for id := range watched {
		shown[id] = true
	}
	for _, v := range slices.Concat(vectors(t, Server), vectors(t, Client)) {
		for _, b := range v.Blocks {
			for _, id := range b.Holds {
				shown[id] = true
			}
		}
	}
	unseen := map[string]bool{}
	_, list, _ := strings.Cut(read(t, "vectors/README.md"), "## What cannot be seen")
	for _, id := range regexp.MustCompile(`RTE-[0-9.]+-[0-9]+`).FindAllString(list, -1) {
		unseen[id] = true
	}
	for id := range stated {
		if shown[id] == unseen[id] {
			t.Errorf("%s: in a vector %v, in the list of what cannot be seen %v", id, shown[id], unseen[id])
		}
	}
	for id := range shown {
		if !stated[id] {
			t.Errorf("a vector shows %s, which the specification does not state", id)
		}
	}
	for id := range unseen {
		if !stated[id] {
			t.Errorf("the list of what cannot be seen has %s, which the specification does not state", id)
		}
	}
}

// TestTinyServer holds a server that was written from the specification alone: it offers lines only, and meets them.
func TestTinyServer(t *testing.T) {
	t.Parallel()
	for _, r := range hold(t, serveTiny(t, ""), vectors(t, Server)) {
		switch r.Outcome {
		case Fail:
			t.Errorf("%s (%s line %d): %s\n  %s", r.ID, r.Vector, r.Line, r.Why, strings.Join(r.Talk, "\n  "))
		case Skip:
			if !regexp.MustCompile(`on this port|at /ws|does not ask`).MatchString(r.Why) {
				t.Errorf("%s skipped: %s", r.ID, r.Why)
			}
		}
	}
}

// TestFaults breaks one statement at a time: the kit must say which. They all run at once, since they mostly wait.
func TestFaults(t *testing.T) {
	t.Parallel()
	var holding sync.WaitGroup
	defer holding.Wait()
	for _, fault := range []string{
		"RTE-4.1-3", "RTE-4.1-4", "RTE-4.1-5", "RTE-4.1-6", "RTE-4.2-2", "RTE-4.2-4", "RTE-5.2-1", "RTE-5.3-2", "RTE-5.6-1", "RTE-6-2",
		"RTE-6-3", "RTE-7-2", "RTE-8.1-2", "RTE-8.1-4", "RTE-8.2-3", "RTE-8.4-1", "RTE-8.6-1", "RTE-9-1", "RTE-9-3", "RTE-9-4", "RTE-9-5",
		"RTE-9-6", "RTE-9-7", "RTE-10-2",
	} {
		addr, some := serveTiny(t, fault), showing(t, fault)
		holding.Go(func() {
			var failed []string
			for _, s := range Sum(hold(t, addr, some)) {
				if s.Outcome == Fail {
					failed = append(failed, s.ID)
				}
			}
			if !slices.Contains(failed, fault) {
				t.Errorf("it breaks %s, and the kit says %v", fault, failed)
			}
		})
	}
}

// showing are the vectors of servers that show a statement.
func showing(t *testing.T, id string) []*Vector {
	t.Helper()
	if _, everywhere := watched[id]; everywhere {
		return vectors(t, Server)
	}
	return slices.DeleteFunc(vectors(t, Server), func(v *Vector) bool {
		return !slices.ContainsFunc(v.Blocks, func(b Block) bool { return slices.Contains(b.Holds, id) })
	})
}

func hold(t *testing.T, addr string, all []*Vector) []Result {
	t.Helper()
	var results []Result
	target := Target{Addr: addr, Patience: 3 * time.Second}
	if err := CheckServer(t.Context(), target, all, func(r []Result) { results = append(results, r...) }); err != nil {
		t.Error(err)
	}
	return results
}

func vectors(t *testing.T, side Side) []*Vector {
	t.Helper()
	all, err := Vectors(side)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
