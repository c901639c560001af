// Command bench measures what rtevent promises and prints each figure beside its target, with the tools that people
// use today run in turn with it. `make bench` installs those and runs it. A figure that falls short is told, not failed:
// these are measurements, and the machine is part of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"rtevent/testbed"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == stormArgument {
		count, err := strconv.Atoi(os.Args[3])
		if err = errors.Join(err, storm(os.Args[2], count)); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == memoryArgument {
		if err := serveFromMemory(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
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
	only := flag.String("only", "", "measure only what has this in its `name`: table, first, identify, sweep, loaded, storm, latency, identified, idle, accept, journal, fanout")
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
	for _, m := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"table", b.smallHost}, {"first", b.firstQuestion}, {"identify", b.identify}, {"sweep", b.sweep}, {"loaded", b.loadedHost},
		{"storm", b.storms}, {"latency", b.latency}, {"identified", b.identified}, {"idle", b.idle}, {"accept", b.acceptHeavy}, {"journal", b.journal}, {"page", b.page},
		{"fanout", b.fanout},
	} {
		if !strings.Contains(m.name, *only) {
			continue
		}
		if err := m.measure(ctx); err != nil {
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
