package examples

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rtevent/client/rteventtest"
)

// needs leaves the test out where a program is missing, unless everything is promised to be there.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("TESTBED") == "required" {
				t.Fatal(err)
			}
			t.Skipf("%s: make test installs it, as root on Debian", err)
		}
	}
}

// shell runs the shell example and returns what it prints.
func shell(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := os.Stat("shell.sh"); err != nil { // so that the cache of go test knows what this depends on
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "./shell.sh", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("shell.sh %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestShell speaks to our server with nc and curl.
func TestShell(t *testing.T) {
	needs(t, "nc", "curl")
	addr := rteventtest.Start(t).Address
	if out := shell(t, "greet", addr); !strings.HasPrefix(out, `{"rt":"ready","protocol":"rt-event/1"`) {
		t.Errorf("greet: %s", out)
	}
	sub := exec.CommandContext(t.Context(), "./shell.sh", "sub", addr, "doors.>")
	lines, err := sub.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	defer sub.Wait()
	defer sub.Process.Kill()
	time.Sleep(time.Second) // so that it has subscribed
	if out := shell(t, "pub", addr, "doors.lab", `{"open":true}`); !strings.Contains(out, `"rt":"ack"`) {
		t.Errorf("pub: %s", out)
	}
	if out := shell(t, "post", addr, "doors.hall", `{"open":false}`); !strings.Contains(out, `"rt":"ack"`) {
		t.Errorf("post: %s", out)
	}
	heard := bufio.NewScanner(lines)
	for _, want := range []string{`"topic":"doors.lab","data":{"open":true}`, `"topic":"doors.hall","data":{"open":false}`} {
		if !heard.Scan() || !strings.Contains(heard.Text(), want) {
			t.Errorf("sub: %q, want %s", heard.Text(), want)
		}
	}
	out := shell(t, "read", addr, "doors.>")
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, `"topic":"doors.hall"`) {
		t.Errorf("read: %s", out)
	}
}

// TestPythonAgainstOwnServer publishes and subscribes with the client in Python, at our server.
func TestPythonAgainstOwnServer(t *testing.T) {
	needs(t, python)
	addr := rteventtest.Start(t).Address
	published, errs := startPython(t, "pub", addr, "doors.lab")
	at := bufio.NewScanner(published)
	if !at.Scan() || !strings.HasSuffix(at.Text(), ".1") {
		t.Fatalf("pub: %q %s", at.Text(), errs())
	}
	events, errs := startPython(t, "sub", addr, "doors.>", "--from", "state")
	line := bufio.NewScanner(events)
	if !line.Scan() || !strings.Contains(line.Text(), `"cursor": "`+at.Text()+`"`) || !strings.Contains(line.Text(), `{"open": true}`) {
		t.Errorf("sub: %q %s", line.Text(), errs())
	}
}
