package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// Daemon is a running `rtevent serve`.
type Daemon struct {
	Address string // 127.0.0.1:PORT
	cmd     *exec.Cmd
	stderr  bytes.Buffer
	ended   chan error
}

// StartDaemon starts the program's daemon with its journal in dir, on a free port of the loopback, and waits until it
// answers.
func StartDaemon(ctx context.Context, program, dir string, args ...string) (*Daemon, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	d := &Daemon{Address: address, ended: make(chan error, 1)}
	d.cmd = exec.Command(program, append([]string{"serve", "--data", dir, "--listen", address}, args...)...)
	d.cmd.Stderr = &d.stderr
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the daemon: %w", err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	if err := d.answers(ctx); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// answers waits for the first answer.
func (d *Daemon) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.Address+"/healthz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the daemon: %w", ctx.Err())
		case err := <-d.ended:
			d.ended <- err
			return fmt.Errorf("the daemon ended: %w: %.1000s", err, d.stderr.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// PID is the daemon's process.
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// Stop asks the daemon to end, and waits until it did.
func (d *Daemon) Stop() error {
	_ = d.cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-d.ended:
		d.ended <- err
		if err != nil {
			return fmt.Errorf("the daemon ended with %w: %.1000s", err, d.stderr.String())
		}
		return nil
	case <-time.After(20 * time.Second):
		_ = d.cmd.Process.Kill()
		return errors.New("the daemon does not end when it is asked to")
	}
}
