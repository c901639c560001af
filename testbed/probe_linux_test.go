package testbed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rtevent"
	"rtevent/testbed"
)

// far lays a line, where that is possible; `make test` requires it.
func far(t *testing.T, delay time.Duration, loss float64) *testbed.Far {
	t.Helper()
	f, err := testbed.NewFar(t.Context(), delay, loss)
	possible(t, err)
	t.Cleanup(f.Close)
	return f
}

// possible skips what cannot be done here, unless it was promised that it can.
func possible(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errors.ErrUnsupported) && os.Getenv("TESTBED") != "required":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// probed is what `rtevent probe --json` says.
type probed struct {
	Endpoints []rtevent.Endpoint
	Hosts     []rtevent.Endpoint // those that answer everywhere
	Total     struct {
		Hosts, Ports, Open, Closed, Filtered, Errors int
		Interrupted                                  bool
	}
}

// probe runs `rtevent probe --json` in a namespace (empty: this one).
func probe(t *testing.T, namespace string, code int, args ...string) probed {
	t.Helper()
	return probeWith(t, namespace, code, "", args...)
}

func probeWith(t *testing.T, namespace string, code int, stdin string, args ...string) probed {
	t.Helper()
	a := runCommand(t, probeCommand(t, namespace, stdin, args...))
	if a.Code != code {
		t.Errorf("rtevent probe %v: exit code %d, want %d; %s", args, a.Code, code, a.Stderr[:min(len(a.Stderr), 500)])
	}
	return readProbe(t, a.Stdout)
}

func probeCommand(t *testing.T, namespace, stdin string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	command := append([]string{rteventPath, "probe", "--json"}, args...)
	if namespace != "" {
		command = append(testbed.Enter(namespace), command...)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	return cmd
}

func readProbe(t *testing.T, stdout string) probed {
	t.Helper()
	var p probed
	for d := json.NewDecoder(strings.NewReader(stdout)); ; {
		line := struct {
			Kind string
			rtevent.Endpoint
			Total any
		}{Total: &p.Total}
		if err := d.Decode(&line); err != nil {
			t.Fatalf("read line %d of --json: %v", len(p.Endpoints)+1, err)
		}
		switch line.Kind {
		case "endpoint":
			p.Endpoints = append(p.Endpoints, line.Endpoint)
		case "host":
			p.Hosts = append(p.Hosts, line.Endpoint)
		case "summary":
			return p
		}
	}
}

func (p probed) at(port uint16, transport rtevent.Transport) rtevent.Endpoint {
	for _, e := range p.Endpoints {
		if e.Port == port && e.Transport == transport {
			return e
		}
	}
	return rtevent.Endpoint{}
}

// serve runs an odd server in a namespace.
func serve(t *testing.T, namespace, kind, address string) {
	t.Helper()
	cmd := testbed.Command(t.Context(), namespace, oddPath, kind, address)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 1)); err != nil { // it says that it listens
		t.Fatalf("odd %s at %s: %v", kind, address, err)
	}
	go func() { // ends with the server
		buf := make([]byte, 4096)
		for err := error(nil); err == nil; _, err = out.Read(buf) {
		}
	}()
}

// TestProbeFar holds that whatever is known of a daemon next door is known from far away as well, over a line with a
// round trip of 200 ms and over one that loses two packets in a hundred, and that no daemon dies of it.
func TestProbeFar(t *testing.T) {
	for name, line := range map[string]struct {
		delay time.Duration
		loss  float64
	}{"200 ms": {100 * time.Millisecond, 0}, "20 ms, 2 % lost": {10 * time.Millisecond, 0.02}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			f := far(t, line.delay, line.loss)
			bed := startFar(t, f)
			started := watch(t, bed).started
			near := probe(t, f.Remote, 0, "127.0.0.1:"+portsOf(bed))
			began := time.Now()
			away := probe(t, f.Near, 0, f.Address.String()+":"+portsOf(bed))
			t.Logf("%d ports asked in %v", away.Total.Ports, time.Since(began).Round(time.Millisecond))
			for _, truth := range bed.Truths {
				want, got := near.at(truth.Port, truth.Transport), away.at(truth.Port, truth.Transport)
				if !want.Finding.Known() {
					t.Logf("%s is not known next door", truth.Name)
				} else if g := got.Finding; g == nil || g.Protocol != want.Finding.Protocol || g.Product != want.Finding.Product {
					t.Errorf("%s: from far %s %+v, next door %+v", truth.Name, got.State, g, *want.Finding)
				}
			}
			for _, truth := range bed.Truths {
				if startTime(truth.PID) != started[truth.PID] {
					t.Errorf("%s (pid %d) died", truth.Name, truth.PID)
				}
			}
		})
	}
}

func startFar(t *testing.T, f *testbed.Far) *testbed.Bed {
	t.Helper()
	dir, err := os.MkdirTemp("", "rtevent-far-")
	if err != nil {
		t.Fatal(err)
	}
	bed, err := f.Up(t.Context(), dir, 27000, "openssh", "nginx", "redis", "vsftpd", "bind", "rsync", "memcached", "slapd")
	if bed != nil {
		t.Cleanup(func() {
			bed.Down()
			if !t.Failed() {
				os.RemoveAll(dir)
			}
		})
	}
	possible(t, err)
	return bed
}

// TestProbeFiltered tells what a firewall drops from what a host refuses, over a line that loses packets.
func TestProbeFiltered(t *testing.T) {
	t.Parallel()
	f := far(t, 5*time.Millisecond, 0.02)
	possible(t, testbed.Rules(t.Context(), f.Remote, `table ip wall {
		chain in { type filter hook input priority 0; tcp dport 2000-2099 drop; tcp dport 2100 reject with icmp type admin-prohibited; }
	}`))
	serve(t, f.Remote, "http", f.Address.String()+":1999")
	p := probe(t, f.Near, 0, f.Address.String()+":1900-1998,1999,2000-2099,2100")
	if p.Total.Open != 1 || p.Total.Closed != 99 || p.Total.Filtered != 101 {
		t.Errorf("got %+v", p.Total)
	}
	if e := p.at(1999, rtevent.TCP); e.Finding == nil || e.Finding.Protocol != "http" {
		t.Errorf("the open one: %+v", e)
	}
	if e := p.at(2100, rtevent.TCP); e.State != rtevent.Filtered || e.Why == "" || e.Why == "no answer" {
		t.Errorf("what a firewall refuses: %+v", e)
	}
	if out, err := exec.Command("ip", "-n", f.Near, "route", "add", "prohibit", "192.0.2.0/24").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	probe(t, f.Near, 3, "192.0.2.1:22") // this very host does not permit it
}

// TestProbeEverywhere recognises a host that accepts on every port, and says so in one line.
func TestProbeEverywhere(t *testing.T) {
	t.Parallel()
	f := far(t, 0, 0)
	possible(t, testbed.Rules(t.Context(), f.Remote, `table ip trap {
		chain arrive { type nat hook prerouting priority dstnat; tcp dport 1-65535 redirect to :9; }
	}`))
	serve(t, f.Remote, "silent", f.Address.String()+":9")
	p := probe(t, f.Near, 0, f.Address.String()+":-,443")
	if len(p.Hosts) != 1 || !p.Hosts[0].AnswersEverywhere || len(p.Endpoints) > 10 {
		t.Errorf("%d hosts that answer everywhere, and %d endpoints", len(p.Hosts), len(p.Endpoints))
	}
	if p.at(443, rtevent.TCP).Finding == nil {
		t.Error("443 was named and is not listed")
	}
}

// TestProbeManyOpen holds that 10,000 open ports of one host stay within 256 MiB and are all told.
func TestProbeManyOpen(t *testing.T) {
	t.Parallel()
	f := far(t, 0, 0)
	possible(t, testbed.Rules(t.Context(), f.Near, `table ip many {
		chain out { type nat hook output priority -100; ip daddr 127.0.0.1 tcp dport 10001-20000 redirect to :9; }
	}`))
	serve(t, f.Near, "http", "127.0.0.1:9")
	cmd := probeCommand(t, f.Near, "", "127.0.0.1:9990-20010")
	a := runInMemory(t, cmd)
	if p := readProbe(t, a.Stdout); p.Total.Open != 10000 || p.Total.Closed != 21 || len(p.Endpoints) != 10000 {
		t.Errorf("got %+v and %d endpoints", p.Total, len(p.Endpoints))
	}
}

// runWatched runs a command and calls watch with its process again and again while it runs.
func runWatched(t *testing.T, cmd *exec.Cmd, watch func(p *os.Process)) testbed.Answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case <-ended:
			return testbed.Answer{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
		case <-time.After(20 * time.Millisecond):
			watch(cmd.Process)
		}
	}
}

// runInMemory runs a command and holds how much memory it took.
func runInMemory(t *testing.T, cmd *exec.Cmd) testbed.Answer {
	t.Helper()
	const most = 256 << 10 // KiB
	peak := 0
	a := runWatched(t, cmd, func(p *os.Process) { peak = max(peak, highWater(p.Pid)) })
	if t.Logf("took %d MiB", peak>>10); peak == 0 || peak > most {
		t.Errorf("took %d MiB, want at most %d", peak>>10, most>>10)
	}
	return a
}

// highWater is the most memory that a running command has had, in KiB; 0 if that cannot be seen. What wait tells in the
// end counts that of who started it.
func highWater(pid int) (kib int) {
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(comm)) != "rtevent" {
		return 0 // gone, or not there yet
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Sscan(rest, &kib)
	}
	return kib
}

// TestProbeManyTargets reads 100,000 targets, some of which are none: a row or an error for each.
func TestProbeManyTargets(t *testing.T) {
	t.Parallel()
	f := far(t, 0, 0)
	const lines = 100000
	var input bytes.Buffer
	bad := 0
	for i := range lines {
		switch {
		case i%1000 == 7:
			fmt.Fprintln(&input, "this is no target")
		case i%1000 == 8:
			fmt.Fprintln(&input, "\xff\xfe\x00\x1b[2J:99999")
		case i%10000 == 9:
			fmt.Fprintln(&input, strings.Repeat("x", 100000))
		default:
			fmt.Fprintf(&input, "127.%d.%d.%d:%d\n", rand.IntN(255), rand.IntN(255), 1+rand.IntN(254), 1+rand.IntN(65535))
			continue
		}
		bad++
	}
	cmd := probeCommand(t, f.Near, input.String())
	a := runInMemory(t, cmd)
	p := readProbe(t, a.Stdout)
	if a.Code != 4 || len(p.Endpoints) != lines-bad || p.Total.Errors != bad || strings.Count(a.Stderr, "standard input, line ") != bad {
		t.Errorf("exit code %d, %d endpoints, %d errors of which %d are told; want 4, %d and %d", a.Code, len(p.Endpoints), p.Total.Errors,
			strings.Count(a.Stderr, "standard input, line "), lines-bad, bad)
	}
	if strings.Contains(a.Stderr, "\x1b") || strings.Contains(a.Stderr, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") {
		t.Error("what was read is repeated raw or at length")
	}
}

// TestProbeInterrupted holds that Ctrl-C ends a long sweep soon, with what is known by then.
func TestProbeInterrupted(t *testing.T) {
	t.Parallel()
	f := far(t, 0, 0)
	possible(t, testbed.Rules(t.Context(), f.Remote, `table ip wall { chain in { type filter hook input priority 0; tcp dport != 22 drop; }; }`))
	serve(t, f.Remote, "http", f.Address.String()+":22")
	cmd := probeCommand(t, f.Near, "", f.Address.String()+":22,-")
	began, told := time.Now(), false
	a := runWatched(t, cmd, func(p *os.Process) {
		if !told && time.Since(began) > 2*time.Second {
			told = true
			p.Signal(os.Interrupt)
		}
	})
	p := readProbe(t, a.Stdout)
	if a.Code != 5 || !p.Total.Interrupted || p.at(22, rtevent.TCP).Finding == nil || !strings.Contains(a.Stderr, "interrupted: what is above is partial") {
		t.Errorf("exit code %d, %+v, %s", a.Code, p.Total, a.Stderr)
	}
	if took := time.Since(began); took > 20*time.Second { // to the end it would take minutes
		t.Errorf("took %v", took)
	}
}

// TestProbeOddServers asks them all at once from outside: each gets a truthful answer, and none holds up the others.
func TestProbeOddServers(t *testing.T) {
	var ports []string
	at := map[string]uint16{}
	for _, o := range oddities {
		_, port := odd(t, o.kind...)
		at[strings.Join(o.kind, " ")] = port
		ports = append(ports, fmt.Sprint(port))
	}
	p := probe(t, "", 0, "127.0.0.1:"+strings.Join(ports, ","))
	for _, o := range oddities {
		name := strings.Join(o.kind, " ")
		t.Run(name, func(t *testing.T) {
			e := p.at(at[name], rtevent.TCP)
			if e.Finding == nil || e.Verdict == nil {
				t.Fatalf("incomplete: %+v", e)
			}
			checkOdd(t, rtevent.Listener{Finding: e.Finding, Verdict: e.Verdict}, o.behaviours, o.protocol, o.tls)
		})
	}
}

// TestProbeHandsOn holds that a caller who finds a port open does not hang up without a word: who greets meets one.
func TestProbeHandsOn(t *testing.T) {
	server, port := odd(t, "banner")
	e := probe(t, "", 0, net.JoinHostPort("127.0.0.1", fmt.Sprint(port))).at(port, rtevent.TCP)
	if n := server.Connections(); n != 1 || e.Finding == nil || e.Finding.Connections != 1 {
		t.Errorf("%d connections came, and the finding tells %+v; want 1", n, e.Finding)
	}
}
