package packaging

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"rtevent/testbed"
)

// TestCapabilities runs rtevent as nobody with the very capabilities of the unit, and no others: it must see who holds a
// socket of another user, by the best of its views; without them it must not.
func TestCapabilities(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to become somebody else takes root")
	}
	setpriv := tool(t, "setpriv")
	dir, err := os.MkdirTemp("", "rtevent-caps-") // nobody must get in
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	rtevent, err := testbed.Build(t.Context(), dir, "./cmd/rtevent")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)

	caps := "-all"
	for _, name := range capabilities(t) {
		caps += ",+" + strings.ToLower(strings.TrimPrefix(name, "CAP_"))
	}
	for what, c := range map[string]struct {
		caps string
		sees bool
	}{"with the unit's": {caps, true}, "without": {"-all", false}} {
		args := []string{"--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--inh-caps=" + c.caps, "--ambient-caps=" + c.caps,
			"--bounding-set=" + c.caps, rtevent, "--json", "--no-probe", port}
		out, err := run(t, setpriv, args...)
		pid := holder(out)
		if sees := pid == os.Getpid(); sees != c.sees {
			t.Errorf("%s: the holder is %d, we are %d (%v)\n%s", what, pid, os.Getpid(), err, out)
		}
	}
}

// capabilities are those of the unit; the bounding set must be the same.
func capabilities(t *testing.T) []string {
	t.Helper()
	unit := string(read(t, "systemd/rtevent.service"))
	ambient := regexp.MustCompile(`(?m)^AmbientCapabilities=(.*)$`).FindStringSubmatch(unit)
	bounding := regexp.MustCompile(`(?m)^CapabilityBoundingSet=(.*)$`).FindStringSubmatch(unit)
	if ambient == nil || bounding == nil || ambient[1] != bounding[1] {
		t.Fatalf("the unit gives %q, bounded by %q", ambient, bounding)
	}
	return strings.Fields(ambient[1])
}

// holder is the first process that rtevent names as the holder of the port.
func holder(out string) int {
	for line := range strings.Lines(out) {
		var p struct {
			Listeners []struct {
				Holders []struct {
					PID int `json:"pid"`
				} `json:"holders"`
			} `json:"listeners"`
		}
		if json.Unmarshal([]byte(line), &p) == nil && len(p.Listeners) > 0 && len(p.Listeners[0].Holders) > 0 {
			return p.Listeners[0].Holders[0].PID
		}
	}
	return 0
}
