package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

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
