package testbed_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtevent"
	"rtevent/testbed"
)

// rteventPath and oddPath are the commands under test and beside it, built once for all tests.
var rteventPath, oddPath string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "rtevent-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // nobody runs it too
		return 0, err
	}
	ctx := context.Background()
	if rteventPath, err = testbed.Build(ctx, dir, "./cmd/rtevent"); err != nil {
		return 0, err
	}
	if oddPath, err = testbed.Build(ctx, dir, "./testbed/odd"); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// start brings up the named daemons for one test. Where they cannot run the test is skipped, unless it was promised that
// they can: `make test` sets TESTBED=required once it has installed them.
func start(t *testing.T, names ...string) *testbed.Bed {
	t.Helper()
	base, err := testbed.FreeBase()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "rtevent-bed-") // t.TempDir makes paths too long for the daemons' own sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			os.RemoveAll(dir)
		}
	})
	began := time.Now()
	bed, err := testbed.Up(t.Context(), dir, base, names...)
	if errors.Is(err, errors.ErrUnsupported) && os.Getenv("TESTBED") != "required" {
		t.Skip(err)
	}
	if bed != nil {
		t.Cleanup(func() {
			if err := bed.Down(); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d listeners up in %s at ports from %d", len(bed.Truths), time.Since(began).Round(time.Second), base+1)
	return bed
}

// run runs rtevent, which must end within a minute and never panic.
func run(t *testing.T, args ...string) testbed.Answer {
	t.Helper()
	return runCommand(t, command(t, args...))
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, rteventPath, args...)
}

func runCommand(t *testing.T, cmd *exec.Cmd) testbed.Answer {
	t.Helper()
	a, err := testbed.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(a.Stderr, "goroutine ") || strings.Contains(a.Stderr, "panic:") {
		t.Errorf("%v panicked:\n%s", cmd.Args, a.Stderr)
	}
	return a
}

// survey reads what `rtevent --json` printed of this network namespace.
func survey(t *testing.T, a testbed.Answer) testbed.Survey {
	t.Helper()
	s, err := a.Survey()
	if err != nil {
		t.Fatalf("%v (exit code %d)\nstderr: %s", err, a.Code, a.Stderr)
	}
	s.Listeners = testbed.Here(s.Listeners)
	return s
}

// page runs `rtevent PORT/TRANSPORT --json` and returns its listeners of this network namespace.
func page(t *testing.T, port uint16, transport rtevent.Transport) []rtevent.Listener {
	t.Helper()
	a := run(t, fmt.Sprintf("%d/%s", port, transport), "--json")
	p, err := a.Page()
	if err != nil {
		t.Fatalf("%v (exit code %d)\nstdout: %s\nstderr: %s", err, a.Code, a.Stdout, a.Stderr)
	}
	return testbed.Here(p.Listeners)
}

// odd starts an odd server on any port of 127.0.0.1.
func odd(t *testing.T, args ...string) (server *testbed.Odd, port uint16) {
	t.Helper()
	return oddAt(t, oddPath, append(args, "127.0.0.1:0")...)
}

func oddAt(t *testing.T, program string, args ...string) (server *testbed.Odd, port uint16) {
	t.Helper()
	server, err := testbed.StartOdd(program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	address, err := netip.ParseAddrPort(server.Address)
	if err != nil {
		t.Fatal(err)
	}
	return server, address.Port()
}

// copyTo copies a program under another name.
func copyTo(t *testing.T, program, name string) string {
	t.Helper()
	dir := t.TempDir()
	b, err := os.ReadFile(program)
	if err == nil {
		program = filepath.Join(dir, name)
		err = os.WriteFile(program, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return program
}
