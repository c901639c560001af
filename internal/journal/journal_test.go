package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent/internal/wire"
)

// running opens a journal and runs it until the test ends or stop is called.
func running(t *testing.T, o Options) (j *Journal, stop func()) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return j, stop
}

func event(topic, id string) wire.Publication {
	return wire.Publication{
		Topic: topic, Source: "//test", ID: id,
		Line: fmt.Appendf(nil, `{"specversion":"1.0","type":"t","source":"//test","id":%q,"topic":%q,"data":{"filling":%q}}`, id, topic, strings.Repeat("x", 150)),
	}
}

// publish stores events and returns what was said of each, in the order in which it was said.
func publish(t *testing.T, j *Journal, events ...wire.Publication) []wire.Ack {
	t.Helper()
	acks := make(chan wire.Ack, len(events))
	for _, e := range events {
		j.Publish(e, func(a wire.Ack) { acks <- a })
	}
	var got []wire.Ack
	for range events {
		select {
		case a := <-acks:
			got = append(got, a)
		case <-time.After(20 * time.Second):
			t.Fatalf("%d of %d publications were answered", len(got), len(events))
		}
	}
	return got
}

// history reads a journal to the end: its lines by number, and its gaps.
func history(t *testing.T, j *Journal, after uint64) (entries []wire.Entry, gaps []wire.Gap) {
	t.Helper()
	for e, err := range j.Read(t.Context(), after) {
		var gap *wire.Gap
		switch {
		case errors.As(err, &gap):
			gaps = append(gaps, *gap)
		case err != nil:
			t.Fatal(err)
		default:
			entries = append(entries, e)
		}
	}
	return entries, gaps
}

func TestPublishAndRead(t *testing.T) {
	j, _ := running(t, Options{})
	var events []wire.Publication
	for i := range 5000 {
		events = append(events, event(fmt.Sprint("a.", i%7), fmt.Sprint(i)))
	}
	for i, a := range publish(t, j, events...) {
		if a.Err != nil || a.Duplicate || a.Cursor.Seq != uint64(i+1) || a.Cursor.Epoch != j.Bounds().Epoch {
			t.Fatalf("acknowledgement %d: %+v", i, a)
		}
	}
	if b := j.Bounds(); b.Oldest != 1 || b.Newest != 5000 {
		t.Errorf("bounds %+v", b)
	}
	entries, gaps := history(t, j, 0)
	if len(entries) != 5000 || len(gaps) != 0 {
		t.Fatalf("%d entries, gaps %v", len(entries), gaps)
	}
	for i, e := range entries {
		want := string(wire.Stamp(events[i].Line, j.cursor(uint64(i+1))))
		if e.Seq != uint64(i+1) || e.Topic != events[i].Topic || string(e.Line) != want || time.Since(e.Stored).Abs() > time.Minute {
			t.Fatalf("entry %d: %+v, want %s", i, e, want)
		}
	}
	if entries, _ := history(t, j, 4990); len(entries) != 10 || entries[0].Seq != 4991 {
		t.Errorf("after 4990: %d entries", len(entries))
	}
}

func TestDuplicate(t *testing.T) {
	j, _ := running(t, Options{})
	acks := publish(t, j, event("a", "1"), event("a", "2"), event("a", "1"), event("b", "1"))
	acks = append(acks, publish(t, j, event("a", "2"))...)
	for i, want := range []wire.Ack{{Cursor: j.cursor(1)}, {Cursor: j.cursor(2)}, {Cursor: j.cursor(1), Duplicate: true},
		{Cursor: j.cursor(1), Duplicate: true}, {Cursor: j.cursor(2), Duplicate: true}} {
		if acks[i] != want {
			t.Errorf("acknowledgement %d: %+v, want %+v", i, acks[i], want)
		}
	}
	if entries, _ := history(t, j, 0); len(entries) != 2 {
		t.Errorf("%d events stored, want 2", len(entries))
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	j, stop := running(t, Options{Dir: dir})
	publish(t, j, event("a", "1"), event("b", "2"), event("a", "3"))
	before := j.Bounds()
	stop()
	if a := refused(t, j); !errors.Is(a.Err, wire.ErrUnavailable) {
		t.Errorf("publishing to a closed journal: %+v", a)
	}

	j, _ = running(t, Options{Dir: dir})
	if b := j.Bounds(); b != before {
		t.Errorf("bounds %+v after the restart, %+v before", b, before)
	}
	acks := publish(t, j, event("a", "3"), event("c", "4"))
	if !acks[0].Duplicate || acks[0].Cursor.Seq != 3 || acks[1].Cursor.Seq != 4 {
		t.Errorf("after the restart: %+v", acks)
	}
	if got := states(t, j, func(string) bool { return true }); got != "2 b, 3 a, 4 c" {
		t.Errorf("state %q", got)
	}
}

func refused(t *testing.T, j *Journal) wire.Ack {
	t.Helper()
	return publish(t, j, event("z", "z"))[0]
}

func states(t *testing.T, j *Journal, match func(string) bool) string {
	t.Helper()
	at, entries := j.State(t.Context(), match)
	var words []string
	for e, err := range entries {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq > at {
			t.Errorf("state at %d has %d", at, e.Seq)
		}
		words = append(words, fmt.Sprint(e.Seq, " ", e.Topic))
	}
	return strings.Join(words, ", ")
}

func TestAfter(t *testing.T) {
	j, _ := running(t, Options{})
	publish(t, j, event("a", "1"), event("a", "2"))
	time.Sleep(10 * time.Millisecond)
	between := time.Now()
	time.Sleep(10 * time.Millisecond)
	publish(t, j, event("a", "3"))
	for at, want := range map[time.Time]uint64{between.Add(-time.Hour): 0, between: 2, between.Add(time.Hour): 3} {
		if got, err := j.After(t.Context(), at); got != want || err != nil {
			t.Errorf("After(%v) = %d, %v; want %d", at.Sub(between), got, err, want)
		}
	}
}
