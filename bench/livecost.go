package main

import (
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
	server, err := startNginx(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	w, err := b.startWatching(ctx, "--no-probe")
	if err != nil {
		return err
	}
	w.stop()
	pairs := 2*b.runs + 1
	var rates, costs, unwatched []float64
	for i := range pairs {
		var runs [2]served // without, with
		for _, watched := range []int{i % 2, 1 - i%2} {
			if runs[watched], err = b.oneLoad(ctx, server, watched == 1); err != nil {
				return err
			}
		}
		rates = append(rates, runs[1].rate/runs[0].rate)
		costs = append(costs, runs[1].cost/runs[0].cost)
		unwatched = append(unwatched, runs[0].rate)
	}
	lost, dearer := 100*(1-medianOf(rates)), 100*(medianOf(costs)-1)
	figure(what, fmt.Sprintf("%.2f %%", lost), "< 1 %", lost < 1,
		fmt.Sprintf("median of %d pairs, %.0f requests/s unwatched; %s", pairs, medianOf(unwatched), spread(rates)))
	figure("  processor time of a request: more", fmt.Sprintf("%.2f %%", dearer), "< 1 %", dearer < 1,
		"of nginx and wrk, which other load on the machine does not touch; "+spread(costs))
	return nil
}

func spread(ratios []float64) string {
	sorted := slices.Sorted(slices.Values(ratios))
	return fmt.Sprintf("ratios from %.3f to %.3f", sorted[0], sorted[len(sorted)-1])
}

// served is what one run of the load tells: requests a second, and the processor time of one, in seconds.
type served struct{ rate, cost float64 }

func (b bench) oneLoad(ctx context.Context, server *nginx, watched bool) (s served, err error) {
	if watched {
		w, err := b.startWatching(ctx, "--no-probe")
		if err != nil {
			return s, err
		}
		defer w.stop()
		if err := sleep(ctx, time.Second); err != nil {
			return s, err
		}
	}
	before, _, err := usage(server.cmd.Process.Pid)
	if err != nil {
		return s, err
	}
	wrk := exec.CommandContext(ctx, "wrk", "-t1", "-c16", "-d3s", "-H", "Connection: close", server.url)
	out, err := wrk.Output()
	if err != nil {
		return s, fmt.Errorf("wrk: %w", err)
	}
	after, _, err := usage(server.cmd.Process.Pid)
	if err != nil {
		return s, err
	}
	spent := after - before + wrk.ProcessState.UserTime() + wrk.ProcessState.SystemTime()
	requests := 0.0
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		fmt.Sscanf(line, "Requests/sec: %f", &s.rate)
		if count, _, found := strings.Cut(line, " requests in "); found {
			requests, _ = strconv.ParseFloat(count, 64)
		}
	}
	if s.rate == 0 || requests == 0 {
		return s, fmt.Errorf("wrk tells no rate: %s", out)
	}
	s.cost = spent.Seconds() / requests
	return s, nil
}

// nginx is a server at work: one process, so that its processor time is easily told.
type nginx struct {
	cmd *exec.Cmd
	dir string
	url string
}

func (n *nginx) stop() {
	n.cmd.Process.Signal(os.Interrupt)
	n.cmd.Wait()
	os.RemoveAll(n.dir)
}

func startNginx(ctx context.Context) (*nginx, error) {
	dir, err := os.MkdirTemp("", "rtevent-bench-nginx-")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := l.Addr().String()
	l.Close()
	config := fmt.Sprintf(`master_process off; daemon off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http { access_log off; server { listen %[2]s backlog=4096; location / { return 200 "here\n"; } } }
`, dir, at)
	if err := os.WriteFile(dir+"/conf", []byte(config), 0o600); err != nil {
		return nil, err
	}
	n := &nginx{exec.CommandContext(ctx, "nginx", "-p", dir, "-e", dir+"/error.log", "-c", dir+"/conf"), dir, "http://" + at + "/"}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if conn, err := net.Dial("tcp", at); err == nil {
			conn.Close()
			return n, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	n.stop()
	return nil, fmt.Errorf("nginx does not answer on %s", at)
}

func medianOf(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
