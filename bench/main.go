// Command bench measures what rtevent promises and prints each figure beside its target, with the tools that people
// use today run in turn with it. `make bench` installs those and runs it. A figure that falls short is told, not failed:
// these are measurements, and the machine is part of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"rtevent/testbed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var b bench
	flag.IntVar(&b.runs, "runs", 7, "how often each command is run; the median counts")
	flag.BoolVar(&b.nmap, "nmap-sv", os.Getenv("NMAP_SV") != "", "ask `nmap -sV` the first question too (two to three minutes)")
	flag.Parse()

	dir, err := os.MkdirTemp("", "rtevent-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // another user runs it too
		return err
	}
	if b.rtevent, err = testbed.Build(ctx, dir, "./cmd/rtevent"); err != nil {
		return err
	}
	if b.odd, err = testbed.Build(ctx, dir, "./testbed/odd"); err != nil {
		return err
	}
	fmt.Printf("%d CPUs, median of %d runs each, commands in turn\n\n", runtime.NumCPU(), b.runs)
	for _, measure := range []func(context.Context) error{b.smallHost, b.firstQuestion, b.identify, b.sweep, b.loadedHost} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bench is what all measurements need.
type bench struct {
	rtevent, odd string // the programs
	runs         int
	nmap         bool
}
