// Package packaging holds what other tools need to know rt-event, and runs those tools on it.
package packaging

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool finds a program that `make test` installs. Only where it could not (no Debian, not root) is the test left out.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("TESTBED") == "required" {
		t.Fatalf("%s is not installed: make test installs it", names[0])
	}
	t.Skipf("%s is not installed: as root on Debian, make test installs it", names[0])
	return ""
}

// run runs a program and returns what it printed, on both its outputs.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustRun is run for what must succeed.
func mustRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := run(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if bytes.HasPrefix(content, []byte("#!")) {
		mode = 0o755
	}
	if err := os.WriteFile(file, content, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAlerts has promtool check the rules and play the hours in which they must fire, and in which they must not.
func TestAlerts(t *testing.T) {
	promtool := tool(t, "promtool")
	read(t, "prometheus/rtevent.rules.yml") // so that the cache of go test knows what this depends on
	read(t, "prometheus/rtevent.test.yml")
	mustRun(t, promtool, "check", "rules", "prometheus/rtevent.rules.yml")
	mustRun(t, promtool, "test", "rules", "prometheus/rtevent.test.yml")
}

// dashboard is what we need of Grafana's form.
type dashboard struct {
	UID    string `json:"uid"`
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr, RefID string }
	}
}

// TestDashboard has promtool parse every expression of the dashboard, as a rule, and holds that the panels do not overlap.
func TestDashboard(t *testing.T) {
	promtool := tool(t, "promtool")
	var d dashboard
	if err := json.Unmarshal(read(t, "grafana/rtevent.json"), &d); err != nil {
		t.Fatal(err)
	}
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" || at[0] >= 24 {
					t.Fatalf("the panel %q lies over %q or beyond the edge", p.Title, taken[at])
				}
				taken[at] = p.Title
			}
		}
		for _, target := range p.Targets {
			rules = append(rules, rule{"dashboard:panel", grafanaNames.Replace(target.Expr)})
		}
	}
	if len(rules) == 0 {
		t.Fatal("the dashboard asks nothing")
	}
	file := filepath.Join(t.TempDir(), "rules.yml") // JSON is YAML
	content, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, content)
	if out, err := run(t, promtool, "check", "rules", "--lint=none", file); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// grafanaNames puts in what Grafana would.
var grafanaNames = strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$job", "rtevent", "$instance", ".*")

// TestUnits has systemd read the units, in a root of their own, and say how exposed the service is.
func TestUnits(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	root := unitRoot(t)
	units := []string{"rtevent.service", "rtevent.socket", "rtevent-tls.socket"}
	out := mustRun(t, analyze, append([]string{"verify", "--root=" + root, "--man=no"}, units...)...)
	if strings.TrimSpace(out) != "" {
		t.Errorf("systemd-analyze verify says:\n%s", out)
	}
	out = mustRun(t, analyze, "security", "--offline=yes", "--root="+root, "--threshold=30", "--no-pager", "rtevent.service")
	t.Log(out[strings.LastIndex(out, "Overall"):])

	write(t, filepath.Join(root, "etc/systemd/system/rtevent.service"), bytes.Replace(
		read(t, "systemd/rtevent.service"), []byte("ProtectSystem=strict"), []byte("ProtectSystem=perhaps"), 1))
	if out, _ = run(t, analyze, append([]string{"verify", "--root=" + root, "--man=no"}, units...)...); !strings.Contains(out, "perhaps") {
		t.Errorf("systemd-analyze takes a unit that is wrong: %q", out)
	}
}

// unitRoot makes a root with systemd's own units, ours and a program where ours expect one.
func unitRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "usr/lib/systemd/system"), onlyFiles{os.DirFS("/usr/lib/systemd/system")}); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "usr/bin/rtevent"), []byte("#!/bin/sh\n"))
	files, err := filepath.Glob("systemd/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no units", err)
	}
	for _, file := range files {
		write(t, filepath.Join(root, "etc/systemd/system", filepath.Base(file)), read(t, file))
	}
	return root
}
