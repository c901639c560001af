// Command calibrate measures what the word "strong" is worth. It serves every recorded conversation, every look-alike and
// every odd server on loopback, asks each as an outsider who does not know who holds the port, and prints how often the
// answers are right, which are wrong, and on what they rest.
//
// `make calibrate` runs it, from the module's root. It fails when a strong answer is wrong more often than once in a
// hundred.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rtevent/testbed"
)

// promised is how often a strong answer must be right.
const promised = 0.99

var errShort = errors.New("strong answers are wrong more often than promised")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	recorded := flag.String("corpus", "internal/protocol/testdata", "the `directory` of the recorded conversations; look-alikes are in its negative/")
	only := flag.String("only", "", "only servers whose name contains this `text`")
	flag.Parse()
	if err := run(ctx, *recorded, *only, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "calibrate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, recorded, only string, out io.Writer) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	dir, err := os.MkdirTemp("", "rtevent-calibrate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	odd, err := testbed.Build(ctx, dir, "./testbed/odd")
	if err != nil {
		return err
	}
	secure, err := selfSigned()
	if err != nil {
		return err
	}
	servers, err := corpus(recorded, odd, secure)
	if err != nil {
		return err
	}
	began := time.Now()
	results, err := askAll(ctx, named(servers, only), secure)
	if err != nil {
		return err
	}
	report(out, results)
	fmt.Fprintf(out, "\nThis took %v.\n", time.Since(began).Round(time.Second))
	for _, r := range results {
		if r.score().strongest() < promised {
			return errShort
		}
	}
	return nil
}
