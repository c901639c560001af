package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent"
	"rtevent/client"
)

// TestOwnClient holds our client against every vector of clients.
func TestOwnClient(t *testing.T) {
	for _, v := range vectors(t, Client) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			delivered, tell := io.Pipe()
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { tell.CloseWithError(useOwn(ctx, l.Addr().String(), v.Start, tell)) })
			for _, r := range CheckClient(ctx, Stage{Listener: l, Delivered: delivered, Patience: 15 * time.Second}, v) {
				if r.Outcome != Pass {
					t.Errorf("%s line %d: %s: %s\n  %s", r.ID, r.Line, r.Outcome, r.Why, strings.Join(r.Talk, "\n  "))
				}
			}
			stop()
			delivered.Close()
			running.Wait()
		})
	}
}

// useOwn does with our client what the start of a vector says, and tells every event.
func useOwn(ctx context.Context, addr, start string, tell io.Writer) error {
	c, err := client.Dial(ctx, addr, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if start == "publish one event on conform.door" {
		_, err := c.Publish(ctx, rtevent.Event{Source: "//conform", ID: "7", Type: "conform.door", Topic: "conform.door"})
		return err
	}
	s := client.Subscription{Topics: []string{"conform.>"}, From: client.Live}
	if strings.HasSuffix(start, "from state") {
		s.From = client.State
	}
	for e, err := range c.Subscribe(ctx, s) {
		var gap *client.GapError
		if errors.As(err, &gap) {
			continue
		}
		if err != nil {
			return err
		}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(tell, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}
