package examples

import (
	"context"
	"net"
	"sync"
	"testing"

	"rtevent/internal/deliver"
	"rtevent/internal/journal"
)

// serve starts our server on a free port of loopback until the test ends.
func serve(t *testing.T) string {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := deliver.New(deliver.Options{Log: j, Software: "rtevent/0.1.0", Node: "web1", Durable: "always"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := j.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("journal: %v", err)
		}
	})
	serving.Go(func() {
		if err := s.Run(ctx, deliver.Listener{Listener: l}); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { stop(); serving.Wait() })
	return l.Addr().String()
}
