package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// idle measures what watching costs while nothing happens, with a thousand listeners.
func (b bench) idle(ctx context.Context) error {
	const (
		listeners = 1000
		settling  = 15 * time.Second
		measured  = 60 * time.Second
	)
	for range listeners {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
	}
	w, err := b.startWatching(ctx, "--no-probe")
	if err != nil {
		return err
	}
	defer w.stop()
	pid := w.cmd.Process.Pid
	if err := sleep(ctx, settling); err != nil {
		return err
	}
	before, _, err := usage(pid)
	if err != nil {
		return err
	}
	if err := sleep(ctx, measured); err != nil {
		return err
	}
	after, resident, err := usage(pid)
	if err != nil {
		return err
	}
	share := 100 * float64(after-before) / float64(measured)
	figure("watching 1000 listeners, idle: a core", fmt.Sprintf("%.3f %%", share), "< 0.1 %", share < 0.1, "over "+measured.String())
	figure("  resident", fmt.Sprintf("%.1f MiB", resident), "< 40 MiB", resident < 40, "")
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// usage is the processor time and the resident memory, in MiB, of a process. The scheduler counts in nanoseconds.
func usage(pid int) (cpu time.Duration, resident float64, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, 0, err
	}
	for _, thread := range threads {
		b, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		if fields := strings.Fields(string(b)); len(fields) > 0 {
			n, _ := strconv.ParseInt(fields[0], 10, 64)
			cpu += time.Duration(n)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(status) {
		var kib float64
		if _, err := fmt.Sscanf(string(line), "VmRSS: %f kB", &kib); err == nil {
			resident = kib / 1024
		}
	}
	return cpu, resident, nil
}

// acceptHeavy measures what a web server that takes a new connection for every request loses while it is watched, by pairs
// of runs with and without.
func (b bench) acceptHeavy(ctx context.Context) error {
	const what = "nginx, a connection each request: lost"
	for _, tool := range []string{"nginx", "wrk"} {
		if _, err := exec.LookPath(tool); err != nil {
			skipped(what, err)
			return nil
		}
	}
	url, stop, err := startNginx(ctx)
	if err != nil {
		return err
	}
	defer stop()
	w, err := b.startWatching(ctx, "--no-probe")
	if err != nil {
		return err
	}
	w.stop()
	pairs := 2*b.runs + 1
	var ratios, without []float64
	for i := range pairs {
		var rates [2]float64 // without, with
		for _, watched := range []int{i % 2, 1 - i%2} {
			if rates[watched], err = b.oneLoad(ctx, url, watched == 1); err != nil {
				return err
			}
		}
		ratios, without = append(ratios, rates[1]/rates[0]), append(without, rates[0])
	}
	lost := 100 * (1 - medianOf(ratios))
	figure(what, fmt.Sprintf("%.2f %%", lost), "< 1 %", lost < 1,
		fmt.Sprintf("median of %d pairs, %.0f requests/s unwatched; pairs from %.2f to %.2f", pairs, medianOf(without), ratioAt(ratios, 0), ratioAt(ratios, len(ratios)-1)))
	return nil
}

func (b bench) oneLoad(ctx context.Context, url string, watched bool) (rate float64, err error) {
	if watched {
		w, err := b.startWatching(ctx, "--no-probe")
		if err != nil {
			return 0, err
		}
		defer w.stop()
		if err := sleep(ctx, time.Second); err != nil {
			return 0, err
		}
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c16", "-d3s", "-H", "Connection: close", url).Output()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w", err)
	}
	for line := range bytes.Lines(out) {
		if _, err := fmt.Sscanf(string(line), "Requests/sec: %f", &rate); err == nil {
			return rate, nil
		}
	}
	return 0, fmt.Errorf("wrk tells no rate: %s", out)
}

func startNginx(ctx context.Context) (url string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "rtevent-bench-nginx-")
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	at := l.Addr().String()
	l.Close()
	config := fmt.Sprintf(`worker_processes 1; daemon off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http { access_log off; server { listen %[2]s backlog=4096; location / { return 200 "here\n"; } } }
`, dir, at)
	if err := os.WriteFile(dir+"/conf", []byte(config), 0o600); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, "nginx", "-p", dir, "-e", dir+"/error.log", "-c", dir+"/conf")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		os.RemoveAll(dir)
	}
	for range 100 {
		if conn, err := net.Dial("tcp", at); err == nil {
			conn.Close()
			return "http://" + at + "/", stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("nginx does not answer on %s", at)
}

func medianOf(values []float64) float64 { return ratioAt(values, len(values)/2) }

// ratioAt is the value at a place of the sorted ones.
func ratioAt(values []float64, place int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[place]
}

// trace is bpftrace on the same tracepoint, which prints the port of every listener as it opens.
type trace struct {
	cmd   *exec.Cmd
	mu    sync.Mutex
	came  map[uint16]time.Time
	ended chan struct{}
}

// startTrace waits until bpftrace has attached. It has a tracefs of its own.
func startTrace(ctx context.Context) (*trace, error) {
	t := &trace{came: map[uint16]time.Time{}, ended: make(chan struct{})}
	if _, err := exec.LookPath("bpftrace"); err != nil {
		close(t.ended)
		return t, err
	}
	const program = `BEGIN { printf("ready\n"); } tracepoint:sock:inet_sock_set_state /args->newstate == 10/ { printf("%d\n", args->sport); }`
	t.cmd = exec.CommandContext(ctx, "unshare", "-m", "sh", "-c",
		`mount -t tracefs none /sys/kernel/tracing && exec bpftrace -B line -e "$0"`, program)
	out, err := t.cmd.StdoutPipe()
	if err == nil {
		err = t.cmd.Start()
	}
	if err != nil {
		t.cmd = nil
		close(t.ended)
		return t, err
	}
	ready := make(chan struct{})
	go t.read(bufio.NewScanner(out), ready)
	select {
	case <-ready:
		return t, nil
	case <-t.ended:
		return t, fmt.Errorf("it ended at once")
	case <-time.After(20 * time.Second):
		return t, fmt.Errorf("it did not attach in 20 s")
	}
}

func (t *trace) read(lines *bufio.Scanner, ready chan struct{}) {
	defer close(t.ended)
	for lines.Scan() {
		now := time.Now()
		if lines.Text() == "ready" {
			close(ready)
		}
		if port, err := strconv.ParseUint(lines.Text(), 10, 16); err == nil {
			t.mu.Lock()
			t.came[uint16(port)] = now
			t.mu.Unlock()
		}
	}
}

func (t *trace) stop() {
	if t.cmd != nil {
		t.cmd.Process.Signal(os.Interrupt)
		<-t.ended
		t.cmd.Wait()
	}
}

// percentile says how long it took from the return of listen().
func (t *trace) percentile(returned map[uint16]time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var took []time.Duration
	for port, at := range returned {
		if came, seen := t.came[port]; seen {
			took = append(took, came.Sub(at))
		}
	}
	return fmt.Sprintf("p50 %s p99 %s of %d, the port and nothing else", ms(percentile(took, 0.5)), ms(percentile(took, 0.99)), len(took))
}
