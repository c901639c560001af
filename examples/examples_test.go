// Package examples holds the examples: they are run by what a user would run them with.
package examples

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rtevent/internal/conform"
)

const python = "/usr/bin/python3"

// TestPythonClient holds the client that was written from the specification alone against every vector of clients.
func TestPythonClient(t *testing.T) {
	vectors, err := conform.Vectors(conform.Client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil && os.Getenv("TESTBED") != "required" {
		t.Skipf("%s: make test installs it, as root on Debian", err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			delivered, errs := startPython(t, pythonArgs(v, l.Addr().String())...)
			results := conform.CheckClient(t.Context(), conform.Stage{Listener: l, Delivered: delivered, Patience: 15 * time.Second}, v)
			for _, r := range results {
				if r.Outcome != conform.Pass {
					t.Errorf("%s line %d: %s: %s\n  %s", r.ID, r.Line, r.Outcome, r.Why, strings.Join(r.Talk, "\n  "))
				}
			}
			if t.Failed() {
				t.Logf("it said:\n%s", errs())
			}
		})
	}
}

// pythonArgs start the client as the vector says.
func pythonArgs(v *conform.Vector, addr string) []string {
	switch v.Start {
	case "subscribe to conform.> from live":
		return []string{"sub", addr, "conform.>"}
	case "subscribe to conform.> from state":
		return []string{"sub", addr, "conform.>", "--from", "state"}
	case "publish one event on conform.door":
		return []string{"pub", addr, "conform.door"}
	}
	return []string{"nobody has written how to " + v.Start}
}

// startPython starts the client, ends it with the test, and returns what it prints, and later what it complained of.
func startPython(t *testing.T, args ...string) (io.Reader, func() string) {
	t.Helper()
	if _, err := os.Stat("rt_event.py"); err != nil { // so that the cache of go test knows what this depends on
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, append([]string{"rt_event.py"}, args...)...)
	cmd.Stdin = strings.NewReader(`{"open":true}` + "\n")
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stdout, cmd.Stderr = in, &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() { out.Close() })
	return out, func() string {
		_ = cmd.Process.Kill() // it may have ended already
		_ = cmd.Wait()
		return complaints.String()
	}
}
