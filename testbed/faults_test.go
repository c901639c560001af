package testbed_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"rtevent"
)

// TestBadInput: what is no port and no flag is refused with exit code 4, in words that repeat it.
func TestBadInput(t *testing.T) {
	for arg, says := range map[string]string{
		"x": `"x"`, "0": `"0"`, "65536": `"65536"`, "-1": "-1", "22/ip": `"ip"`, "9-8": "9-8", "1-": "no port", "": "no port", "22,x": `"x"`,
		"99999999999999999999": `"99999999999999999999"`, "--nonsense": "--nonsense", "--timeout=soon": `"soon"`, "--timeout=-1s": "-1s",
		"--label=nonsense": `"nonsense"`, "--transport=ip": `"ip"`, "--tier=nonsense": `"nonsense"`, "--port=x": `"x"`,
	} {
		a := run(t, arg)
		if a.Code != 4 || a.Stdout != "" || !strings.HasPrefix(a.Stderr, "rtevent: ") || !strings.Contains(a.Stderr, says) {
			t.Errorf("rtevent %q: exit code %d, stdout %q, stderr %q; want 4, none, and a message with %s", arg, a.Code, a.Stdout, a.Stderr, says)
		}
	}
}

// TestExitCodes: 2 where nothing listens, 1 where something deserves scrutiny; what is in order is in TestUnprivileged.
func TestExitCodes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	if a := run(t, fmt.Sprint(port)); a.Code != 2 || !strings.Contains(a.Stdout, fmt.Sprint(port)) {
		t.Errorf("nothing on %d: exit code %d, want 2; stdout: %s", port, a.Code, a.Stdout)
	}
	if a := run(t, "--process=no-such-program-here"); a.Code != 2 {
		t.Errorf("no such program: exit code %d, want 2", a.Code)
	}

	// An executable that is gone deserves scrutiny.
	program := copyTo(t, oddPath, "gone")
	_, p := oddAt(t, program, "silent", "127.0.0.1:0")
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	a := run(t, fmt.Sprint(p), "--json")
	found, err := a.Page()
	if err != nil {
		t.Fatal(err)
	}
	if a.Code != 1 || !found.Listeners[0].Holders[0].ExeDeleted {
		t.Errorf("deleted executable: exit code %d, want 1; holder %+v", a.Code, found.Listeners[0].Holders[0])
	}
}

// TestStdout: a reader that leaves, a stdout that is closed, one that is full.
func TestStdout(t *testing.T) {
	t.Run("head", func(t *testing.T) {
		for _, args := range [][]string{{"--no-probe"}, {"--no-probe", "--json"}, {"3706"}} {
			cmd := command(t, args...)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = w
			go func() {
				bufio.NewReader(r).ReadString('\n')
				r.Close()
			}()
			a := runCommand(t, cmd)
			w.Close()
			if a.Code == 4 || a.Code == 3 {
				t.Errorf("rtevent %q | head -1: exit code %d, stderr %q", args, a.Code, a.Stderr)
			}
		}
	})
	t.Run("closed", func(t *testing.T) {
		a := runCommand(t, exec.CommandContext(t.Context(), "sh", "-c", `exec "$0" --no-probe >&-`, rteventPath))
		if a.Code == -1 || a.Code == 3 || a.Code == 4 {
			t.Errorf("exit code %d, stderr %q", a.Code, a.Stderr)
		}
	})
	t.Run("full", func(t *testing.T) {
		odd(t, "silent") // so that there is something to print
		for _, args := range [][]string{{"--no-probe"}, {"--no-probe", "--json"}, {"3706"}} {
			cmd := command(t, args...)
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			cmd.Stdout = full
			a := runCommand(t, cmd)
			if a.Code != 5 || !strings.Contains(a.Stderr, "no space left") {
				t.Errorf("rtevent %q >/dev/full: exit code %d, stderr %q; want 5 and the reason", args, a.Code, a.Stderr)
			}
		}
	})
}

// TestUnprivileged: nobody sees every listener, and why each owner is hidden.
func TestUnprivileged(t *testing.T) {
	needRoot(t)
	_, port := odd(t, "silent")
	for name, command := range map[string]string{
		"plain":   `exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" --json --port="$1"`,
		"hidepid": `mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" --json --port="$1"`,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", command, rteventPath, fmt.Sprint(port))
			a := runCommand(t, cmd)
			s := survey(t, a)
			if len(s.Listeners) != 1 {
				t.Fatalf("%d listeners seen, want 1", len(s.Listeners))
			}
			l := s.Listeners[0]
			if len(l.Holders) == 0 || l.Holders[0].Unseen == "" {
				t.Errorf("the hidden owner has no reason: %+v", l.Holders)
			}
			if l.Finding.Behaviour != rtevent.Silent {
				t.Errorf("behaviour %q, want silent", l.Finding.Behaviour)
			}
			if len(s.Coverage.Gaps) == 0 || s.Coverage.Gaps[0].Why == "" {
				t.Errorf("the coverage names no gap: %+v", s.Coverage)
			}
		})
	}
}

// TestManyListeners: 10,000 of them, nothing lost.
func TestManyListeners(t *testing.T) {
	const many = 10_000
	want := map[uint16]bool{}
	for i := range many {
		// Several addresses, so that clients elsewhere on this machine do not run out of ports.
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.9.%d:%d", 1+i%100, 40000+i/100))
		if errors.Is(err, syscall.EMFILE) {
			t.Skip("too few descriptors are allowed here (ulimit -Hn): ", err)
		} else if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
	}
	for i := range many / 100 {
		want[uint16(40000+i)] = true
	}
	for _, tier := range []string{"", "bpf", "sock_diag", "proc"} {
		a := run(t, "--json", "--no-probe", "--port=40000-40099", "--tier="+tier)
		if a.Code == 3 || a.Code == 5 {
			t.Logf("tier %q: not here: %s", tier, a.Stderr)
			continue
		}
		s := survey(t, a)
		n := 0
		for _, l := range s.Listeners {
			if strings.HasPrefix(l.Address.String(), "127.0.9.") && want[l.Port] && l.Holders[0].PID == os.Getpid() {
				n++
			}
		}
		t.Logf("tier %q (%s): %s", tier, s.Coverage.Tier, a.Took)
		if n != many {
			t.Errorf("tier %q: %d of %d listeners were seen with their owner", tier, n, many)
		}
	}
}

// TestComeAndGo: processes end and namespaces vanish while they are read.
func TestComeAndGo(t *testing.T) {
	needRoot(t)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			args := []string{oddPath, "silent", "127.0.0.1:0"}
			if i%2 == 0 {
				args = append([]string{"unshare", "--net"}, "sh", "-c", `ip link set lo up; exec "$0" "$@"`, oddPath, "silent", "127.0.0.1:0")
			}
			cmd := exec.Command(args[0], args[1:]...)
			out, err := cmd.StdoutPipe()
			if err != nil || cmd.Start() != nil {
				continue
			}
			bufio.NewReader(out).ReadString('\n') // it listens
			cmd.Process.Kill()
			cmd.Wait()
		}
	}()
	for range 2 {
		for _, args := range [][]string{{"--json", "--no-probe"}, {"--json", "--no-probe", "--tier=proc"}, {"--json", "--no-probe", "--tier=sock_diag"}} {
			a := run(t, args...)
			for _, l := range survey(t, a).Listeners {
				if len(l.Holders) == 0 {
					t.Errorf("%s has no holder and no reason", l.PortName())
				}
			}
			if a.Code > 2 || a.Code < 0 {
				t.Errorf("rtevent %q: exit code %d, stderr %q", args, a.Code, a.Stderr)
			}
		}
	}
	close(stop)
	<-done
}

// TestNothingRaw: neither a server nor a process can write to the reader's terminal.
func TestNothingRaw(t *testing.T) {
	var ports []string
	for _, kind := range []string{"escapes", "escapes-http", "escapes-ssh", "random", "binary"} {
		_, port := odd(t, kind)
		ports = append(ports, fmt.Sprint(port))
	}
	evil := copyTo(t, oddPath, "\x1b[2J\u009b31m\u202e\nevil")
	_, port := oddAt(t, evil, "silent", "127.0.0.1:0")
	ports = append(ports, fmt.Sprint(port))
	for _, args := range [][]string{{"--port=" + strings.Join(ports, ",")}, ports} {
		for _, more := range []string{"", "--json"} {
			a := run(t, slices.DeleteFunc(append(slices.Clone(args), more), func(s string) bool { return s == "" })...)
			if !utf8.ValidString(a.Stdout) {
				t.Errorf("rtevent %q %s prints bytes that are no text", args, more)
			}
			for line := range strings.Lines(a.Stdout + a.Stderr) {
				if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), rawly); i >= 0 {
					t.Errorf("rtevent %q %s prints %q raw: %q", args, more, []rune(line[i:])[0], line[max(0, i-80):min(len(line), i+80)])
				}
			}
			for _, p := range ports {
				if !strings.Contains(a.Stdout, p) {
					t.Errorf("rtevent %q %s does not show %s", args, more, p)
				}
			}
		}
	}
}

// rawly tells the characters that a terminal takes as orders: controls of seven and eight bits, and those that turn
// the direction of writing.
func rawly(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to make a namespace and to become another user")
	}
}
