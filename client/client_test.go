package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent"
	"rtevent/client"
	"rtevent/client/rteventtest"
)

func dial(t *testing.T, address string) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), address, &client.Options{Source: "//lab", Backoff: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func door(n int) rtevent.Event {
	return rtevent.Event{ID: fmt.Sprint(n), Type: "com.example.door", Topic: "doors.lab", Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))}
}

func TestPublishAndSubscribe(t *testing.T) {
	c := dial(t, rteventtest.Start(t).Address)
	if s := c.Server(); s.Software != "rteventtest" || s.Newest.Epoch == "" || s.MaxLine != 65536 {
		t.Errorf("the server is %+v", s)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	first, err := c.Publish(ctx, door(1))
	if err != nil || first.Cursor.Seq != 1 || first.Duplicate {
		t.Fatalf("got %+v %v", first, err)
	}
	again, err := c.Publish(ctx, door(1))
	if err != nil || again.Cursor != first.Cursor || !again.Duplicate {
		t.Errorf("the second time: %+v %v", again, err)
	}
	var refused *client.Error
	if _, err := c.Publish(ctx, rtevent.Event{Type: "a", Topic: "listener.x"}); !errors.As(err, &refused) || refused.Code != 403 {
		t.Errorf("a topic of the daemon: %v", err)
	}
	if _, err := c.Publish(ctx, rtevent.Event{Type: "a", Topic: "a..b"}); !errors.As(err, &refused) || refused.Code != 422 {
		t.Errorf("no topic: %v", err)
	}
	acks, err := c.PublishBatch(ctx, []rtevent.Event{door(2), door(3), door(4)})
	if err != nil || acks[2].Cursor.Seq != 4 {
		t.Fatalf("got %+v %v", acks, err)
	}
	live := false
	n := 1
	for e, err := range c.Subscribe(ctx, client.Subscription{Topics: []string{"doors.>"}, From: client.Oldest, OnLive: func(rtevent.Cursor) { live = true }}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.ID != fmt.Sprint(n) || e.Cursor.Seq != uint64(n) || e.Source != "//lab" {
			t.Errorf("event %d is %+v", n, e)
		}
		if n++; n == 5 {
			if _, err := c.PublishAsync(ctx, door(5)); err != nil {
				t.Fatal(err)
			}
		}
		if n == 6 {
			break
		}
	}
	if !live {
		t.Error("it was never said to be live")
	}
}

func TestStateThenLive(t *testing.T) {
	c := dial(t, rteventtest.Start(t).Address)
	for n := range 10 {
		e := door(n)
		e.Topic = fmt.Sprintf("doors.%d", n%3)
		if _, err := c.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	live := -1
	for e, err := range c.Subscribe(t.Context(), client.Subscription{From: client.State, OnLive: func(rtevent.Cursor) {
		live = len(got)
		if _, err := c.PublishAsync(t.Context(), door(10)); err != nil {
			t.Error(err)
		}
	}}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e.ID); len(got) == 4 {
			break
		}
	}
	if fmt.Sprint(got) != "[7 8 9 10]" || live != 3 {
		t.Errorf("got %v, live after %d", got, live)
	}
}

// TestRestarts publishes and subscribes while the server is restarted again and again: every event is there once, in
// order, and all are acknowledged.
func TestRestarts(t *testing.T) {
	const count, restarts = 2_000, 5
	server := rteventtest.Start(t)
	c := dial(t, server.Address)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var busy sync.WaitGroup
	defer busy.Wait()
	third := make(chan int, count)
	busy.Go(func() {
		for n := 1; n <= count; n++ {
			p, err := c.PublishAsync(ctx, door(n))
			if err != nil {
				t.Error(err)
				return
			}
			busy.Go(func() {
				if _, err := p.Wait(ctx); err != nil {
					t.Errorf("event %d: %v", n, err)
				}
			})
			third <- n
			time.Sleep(500 * time.Microsecond)
		}
	})
	busy.Go(func() {
		for range restarts {
			for range count / (restarts + 1) {
				<-third
			}
			if err := server.Restart(); err != nil {
				t.Error(err)
			}
		}
	})
	breaks, n := 0, 0
	for e, err := range c.Subscribe(ctx, client.Subscription{From: client.Oldest, OnBreak: func(error) { breaks++ }}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; e.ID != fmt.Sprint(n) {
			t.Fatalf("event %d has the id %s", n, e.ID)
		}
		if n == count {
			break
		}
	}
	if breaks == 0 {
		t.Error("the subscription never broke: the test shows nothing")
	}
}

// TestCloseWhilePublishing closes a client whose server is gone, while more is published than may be unanswered: everything
// is answered.
func TestCloseWhilePublishing(t *testing.T) {
	server, err := rteventtest.New()
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, server.Address)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	var publishing sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	sent := make(chan struct{}, 4000)
	for n := range cap(sent) {
		publishing.Go(func() {
			p, err := c.PublishAsync(ctx, door(n))
			if err == nil {
				sent <- struct{}{}
				_, err = p.Wait(ctx)
			}
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("event %d: %v", n, err)
			}
		})
	}
	for range 1024 {
		<-sent
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	publishing.Wait()
}

// TestTooLong holds that an event which the server would not take does no harm to the others.
func TestTooLong(t *testing.T) {
	c := dial(t, rteventtest.Start(t).Address)
	long := door(1)
	long.Subject = strings.Repeat("x", c.Server().MaxLine)
	first, err := c.PublishAsync(t.Context(), door(0))
	if err != nil {
		t.Fatal(err)
	}
	var said *client.Error
	if _, err := c.PublishAsync(t.Context(), long); !errors.As(err, &said) || said.Code != 413 {
		t.Errorf("too long an event is answered with %v", err)
	}
	if _, err := first.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReset(t *testing.T) {
	c := dial(t, rteventtest.Start(t).Address)
	var reset *client.ResetError
	for _, err := range c.Subscribe(t.Context(), client.Subscription{From: client.After(rtevent.Cursor{Epoch: "other", Seq: 7})}) {
		if !errors.As(err, &reset) || reset.Reason != "epoch" {
			t.Errorf("got %v", err)
		}
	}
	if reset == nil {
		t.Fatal("the subscription ended without a word")
	}
	if _, err := c.Publish(t.Context(), door(1)); err != nil {
		t.Fatal(err)
	}
	for e, err := range c.Subscribe(t.Context(), client.Subscription{From: client.After(rtevent.Cursor{Epoch: "other", Seq: 7}), Restart: client.Oldest}) {
		if err != nil || e.ID != "1" {
			t.Errorf("after the restart: %v %v", e, err)
		}
		break
	}
}

func TestDialRefuses(t *testing.T) {
	if _, err := client.Dial(t.Context(), "http://x", nil); err == nil {
		t.Error("a URL is no server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
			conn.Close()
		}
	}()
	if _, err := client.Dial(t.Context(), l.Addr().String(), nil); err == nil {
		t.Error("SSH is taken for rt-event")
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if _, err := client.Dial(t.Context(), silent.Addr().String(), &client.Options{Timeout: 100 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent server: %v", err)
	}
}
