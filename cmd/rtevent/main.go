// Command rtevent tells what is really listening on every port of this host.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"rtevent/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks a second time need not wait for what cannot be written or answered
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
