package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"rtevent/testbed"
)

// smallHost compares the plain table with ss on this host as it is.
func (b bench) smallHost(ctx context.Context) error {
	took, err := b.inTurn(ctx, []string{b.rtevent, "--no-probe"}, []string{"ss", "-ltnup"})
	if err != nil {
		return err
	}
	more := took[0] - took[1]
	figure("table of this host, over `ss -ltnup`", ms(more), "<= 30 ms more", more <= 30*time.Millisecond,
		fmt.Sprintf("rtevent %s, ss %s", ms(took[0]), ms(took[1])))
	return nil
}

// The loaded host: so many processes, each with so many descriptors of which one is a listener.
const (
	processes   = 1000
	descriptors = 100
)

// loadedHost compares the plain table with ss and lsof on a host with many processes.
func (b bench) loadedHost(ctx context.Context) error {
	load, err := startLoad(ctx)
	defer load.stop()
	if err != nil {
		return err
	}
	rivals := []struct {
		command []string
		share   float64 // of its time that rtevent may take
	}{
		{[]string{"ss", "-ltnup"}, 1.0 / 3},
		{[]string{"lsof", "-nP", "-i"}, 1.0 / 10},
	}
	commands := [][]string{{b.rtevent, "--no-probe"}}
	for _, r := range rivals {
		commands = append(commands, r.command)
	}
	took, err := b.inTurn(ctx, commands...)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d processes, %d descriptors, %d listeners more:\n", processes, processes*descriptors, processes)
	if err := b.complete(ctx, load); err != nil {
		return err
	}
	for i, r := range rivals {
		ratio := float64(took[0]) / float64(took[i+1])
		figure("table, against `"+strings.Join(r.command, " ")+"`", fmt.Sprintf("%.3f", ratio), fmt.Sprintf("<= %.3f", r.share), ratio <= r.share,
			fmt.Sprintf("rtevent %s, %s %s", ms(took[0]), r.command[0], ms(took[i+1])))
	}
	return nil
}

// complete checks that the fast answer is also a whole one.
func (b bench) complete(ctx context.Context, load *load) error {
	answer, err := testbed.Run(exec.CommandContext(ctx, b.rtevent, "--no-probe", "--json"))
	if err != nil {
		return err
	}
	survey, err := answer.Survey()
	if err != nil {
		return err
	}
	owned := 0
	for _, l := range survey.Listeners {
		if load.pids[l.Holders[0].PID] == l.Port {
			owned++
		}
	}
	figure("  of them seen, with their process", fmt.Sprint(owned), fmt.Sprint(processes), owned == processes, "tier "+survey.Coverage.Tier)
	return nil
}

// load is many small processes. They end when their standard input does, so none outlives this one.
type load struct {
	pids  map[int]uint16 // process -> its listening port
	stdin *os.File
	cmds  []*exec.Cmd
}

// startLoad hands every process a listener of its own and further descriptors. The load may be incomplete on an error, and is
// to be stopped in any case.
func startLoad(ctx context.Context) (*load, error) {
	l := &load{pids: map[int]uint16{}}
	read, write, err := os.Pipe()
	if err != nil {
		return l, err
	}
	defer read.Close()
	l.stdin = write
	for range processes {
		if err := ctx.Err(); err != nil {
			return l, err
		}
		if err := l.add(read); err != nil {
			return l, fmt.Errorf("start process %d of the load: %w", len(l.cmds)+1, err)
		}
	}
	return l, nil
}

// add starts one `cat`, which waits for the end of its input.
func (l *load) add(stdin *os.File) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer socket.Close()
	cmd := exec.Command("cat")
	cmd.Stdin = stdin
	cmd.ExtraFiles = []*os.File{socket}
	for range descriptors - 4 { // three standard ones and the listener
		cmd.ExtraFiles = append(cmd.ExtraFiles, stdin)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	l.cmds = append(l.cmds, cmd)
	l.pids[cmd.Process.Pid] = uint16(ln.Addr().(*net.TCPAddr).Port)
	return nil
}

func (l *load) stop() {
	if l.stdin != nil {
		l.stdin.Close()
	}
	for _, cmd := range l.cmds {
		cmd.Wait()
	}
}
