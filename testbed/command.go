package testbed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rtevent"
)

// Build builds a command of this module ("./cmd/rtevent") into dir and returns its path.
func Build(ctx context.Context, dir, pkg string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, path.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-o", file, pkg)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return file, nil
}

// Answer is what a command said, and how it ended.
type Answer struct {
	Stdout, Stderr string
	Code           int // -1 when a signal ended it
	Took           time.Duration
}

// Run runs a command to its end. Only a command that could not be started is an error.
func Run(cmd *exec.Cmd) (Answer, error) {
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	began := time.Now()
	err := cmd.Run()
	a := Answer{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(began)}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return a, fmt.Errorf("run %s: %w", cmd, err)
	}
	a.Code = cmd.ProcessState.ExitCode()
	return a, nil
}

// Survey is what `rtevent --json` says: its lines, of which the last is the summary.
type Survey struct {
	Listeners []rtevent.Listener
	Coverage  rtevent.Coverage
}

// Survey reads the lines of `rtevent --json`. A missing summary is an error: the survey was cut.
func (a Answer) Survey() (Survey, error) {
	var s Survey
	for d := json.NewDecoder(strings.NewReader(a.Stdout)); ; {
		var line struct {
			Kind string `json:"kind"`
			rtevent.Listener
			Coverage rtevent.Coverage `json:"coverage"`
		}
		if err := d.Decode(&line); err != nil {
			return s, fmt.Errorf("read line %d of --json: %w", len(s.Listeners)+1, err)
		}
		if line.Kind == "summary" {
			s.Coverage = line.Coverage
			return s, nil
		}
		s.Listeners = append(s.Listeners, line.Listener)
	}
}

// Here keeps the listeners of rtevent's own network namespace: elsewhere the same port may be another's.
func Here(all []rtevent.Listener) []rtevent.Listener {
	return slices.DeleteFunc(all, func(l rtevent.Listener) bool { return l.Namespace != "" })
}

// Page is what `rtevent PORT --json` says.
type Page struct {
	Port      uint16             `json:"port"`
	Claims    []rtevent.Claim    `json:"claims"`
	Practice  []rtevent.Practice `json:"practice"`
	Listeners []rtevent.Listener `json:"listeners"`
	Coverage  rtevent.Coverage   `json:"coverage"`
}

// Page reads the object of `rtevent PORT --json`.
func (a Answer) Page() (Page, error) {
	var p Page
	if err := json.Unmarshal([]byte(a.Stdout), &p); err != nil {
		return p, fmt.Errorf("read page of --json: %w", err)
	}
	return p, nil
}

// Odd is a running odd server, which knows how often it was connected to.
type Odd struct {
	Address string
	cmd     *exec.Cmd
	done    chan struct{}

	mu          sync.Mutex
	connections int
}

// StartOdd starts the program built from ./testbed/odd with its arguments and waits until it listens.
func StartOdd(program string, args ...string) (*Odd, error) {
	cmd := exec.Command(program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start odd server: %w", err)
	}
	o := &Odd{cmd: cmd, done: make(chan struct{})}
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		o.Address = strings.TrimPrefix(lines.Text(), "listening on ")
	}
	go func() {
		defer close(o.done)
		for lines.Scan() {
			o.mu.Lock()
			o.connections++
			o.mu.Unlock()
		}
	}()
	if o.Address == "" {
		o.Stop()
		return nil, fmt.Errorf("start odd server %v: %s", args, stderr.String())
	}
	return o, nil
}

// PID is the server's process.
func (o *Odd) PID() int { return o.cmd.Process.Pid }

// Connections is how many were accepted so far.
func (o *Odd) Connections() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.connections
}

// Stop ends the server and waits until it is gone.
func (o *Odd) Stop() {
	o.cmd.Process.Kill()
	<-o.done
	o.cmd.Wait()
}
