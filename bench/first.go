package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"rtevent/testbed"
)

// firstQuestion asks what is on 3706, where a program accepts and never answers.
func (b bench) firstQuestion(ctx context.Context) error {
	server, address, err := b.silent()
	if err != nil {
		skipped("rtevent 3706, a silent server", err)
		return nil
	}
	defer server.Stop()

	took, err := b.inTurn(ctx, []string{b.rtevent, "3706"})
	if err != nil {
		return err
	}
	before := server.Connections()
	if _, err := testbed.Run(exec.CommandContext(ctx, b.rtevent, "3706")); err != nil {
		return err
	}
	connections := server.Connections() - before
	figure("rtevent 3706, a silent server", ms(took[0]), "< 1500 ms", took[0] < 1500*time.Millisecond, b.besideNmap(ctx, address))
	figure("  connections that the server counted", fmt.Sprint(connections), "<= 6", connections <= 6, "")
	return nil
}

// silent starts the silent server, at another address of the loopback when something already listens on 3706.
func (b bench) silent() (server *testbed.Odd, address string, err error) {
	for _, address = range []string{"127.0.0.1", "127.37.0.6"} {
		if server, err = testbed.StartOdd(b.odd, "silent", address+":3706"); err == nil {
			return server, address, nil
		}
	}
	return nil, "", err
}

// besideNmap says what nmap makes of the same server, and in what time.
func (b bench) besideNmap(ctx context.Context, address string) string {
	nmap := func(args ...string) string {
		a, err := testbed.Run(exec.CommandContext(ctx, "nmap", append(args, "-n", "-p", "3706", address)...))
		if err != nil {
			return err.Error()
		}
		return a.Took.Round(10 * time.Millisecond).String()
	}
	beside := "nmap " + nmap() + " (the port's registered name only)"
	if b.nmap {
		return beside + ", nmap -sV " + nmap("-sV")
	}
	return beside + "; NMAP_SV=1 measures nmap -sV"
}
