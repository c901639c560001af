package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rtevent/internal/wire"
)

func everything(string) bool { return true }

// TestStateOutlivesLog holds that retention takes history and not the state, also over a restart.
func TestStateOutlivesLog(t *testing.T) {
	o := Options{Dir: t.TempDir(), MaxBytes: 1 << 20}
	j, stop := running(t, o)
	publish(t, j, event("rare.a", "1"), event("rare.b", "2"))
	var events []wire.Publication
	for i := range 12_000 { // some 4 MB
		events = append(events, event("busy", fmt.Sprint("b", i)))
	}
	publish(t, j, events...)
	if err := j.lookOldest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := j.Bounds(); b.Oldest < 5000 || b.Newest != 12_002 {
		t.Errorf("bounds %+v", b)
	}
	const want = "1 rare.a, 2 rare.b, 12002 busy"
	if got := states(t, j, everything); got != want {
		t.Errorf("state %s", got)
	}
	entries, gaps := history(t, j, 0)
	oldest := j.Bounds().Oldest
	if len(gaps) != 1 || gaps[0] != (wire.Gap{After: 0, Before: oldest, Reason: "trimmed"}) || entries[0].Seq != oldest {
		t.Errorf("gaps %+v, first %d, oldest %d", gaps, entries[0].Seq, oldest)
	}
	stop()
	j, _ = running(t, o)
	if got := states(t, j, everything); got != want {
		t.Errorf("state after the restart %s", got)
	}
}

// TestStateAfterKill holds that what the stream of states had not taken over is made up for from the log.
func TestStateAfterKill(t *testing.T) {
	dir := t.TempDir()
	c := startChild(t, dir, "run", Always)
	acks := c.until(t, 300*time.Millisecond, c.kill)
	j, _ := running(t, Options{Dir: dir, MaxBytes: 512 << 20})
	last := map[string]uint64{}
	entries, _ := history(t, j, 0)
	for _, e := range entries {
		last[e.Topic] = e.Seq
	}
	if len(acks) == 0 || len(last) != 50 {
		t.Fatalf("%d acknowledged, %d topics", len(acks), len(last))
	}
	for _, word := range strings.Split(states(t, j, everything), ", ") {
		var seq uint64
		var topic string
		if _, err := fmt.Sscan(word, &seq, &topic); err != nil || last[topic] != seq {
			t.Errorf("state %s, the log says %d (%v)", word, last[topic], err)
		}
		delete(last, topic)
	}
	if len(last) > 0 {
		t.Errorf("not in the state: %v", last)
	}
}

// TestStateWhileWriting holds that a state and what follows it are one history: no gap, no repeat.
func TestStateWhileWriting(t *testing.T) {
	j, _ := running(t, Options{})
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				j.Publish(event(fmt.Sprint("t.", i%5000), fmt.Sprint(i)), func(wire.Ack) {})
			}
		}
	}()
	for range 8 {
		at, entries := j.State(t.Context(), everything)
		got := map[string]uint64{}
		previous := uint64(0)
		for e, err := range entries {
			if err != nil {
				t.Fatal(err)
			}
			if e.Seq <= previous || e.Seq > at {
				t.Fatalf("%d after %d in the state at %d", e.Seq, previous, at)
			}
			previous, got[e.Topic] = e.Seq, e.Seq
		}
		// Event n is on topic (n-1)%5000, so the state is known.
		if want := int(min(at, 5000)); len(got) != want {
			t.Fatalf("%d topics at %d, want %d", len(got), at, want)
		}
		for topic, seq := range got {
			if seq+5000 <= at || topic != fmt.Sprint("t.", (seq-1)%5000) {
				t.Fatalf("at %d the last of %s is %d", at, topic, seq)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	close(stop)
	<-ended
}

func TestStateAtAndReadTopic(t *testing.T) {
	j, _ := running(t, Options{})
	publish(t, j, event("a", "1"), event("b", "2"), event("a", "3"), event("c.x", "4"), event("c.y", "5"), event("b", "6"))
	for at, want := range []string{"", "1 a", "1 a, 2 b", "2 b, 3 a", "2 b, 3 a, 4 c.x", "2 b, 3 a, 4 c.x, 5 c.y", "3 a, 4 c.x, 5 c.y, 6 b"} {
		entries, err := j.StateAt(t.Context(), uint64(at), everything)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for e, err := range entries {
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, fmt.Sprint(e.Seq, " ", e.Topic))
		}
		if got := strings.Join(words, ", "); got != want {
			t.Errorf("state at %d: %s, want %s", at, got, want)
		}
	}
	var got []string
	for e, err := range j.ReadTopic(t.Context(), 1, "c.*") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(e.Seq, e.Topic))
	}
	if fmt.Sprint(got) != "[4c.x 5c.y]" {
		t.Errorf("topic c.*: %v", got)
	}
}

func TestMaxTopics(t *testing.T) {
	j, _ := running(t, Options{MaxTopics: 2})
	acks := publish(t, j, event("a", "1"), event("b", "2"))
	acks = append(acks, publish(t, j, event("c", "3"), event("a", "4"))...)
	for i, full := range []bool{false, false, true, false} {
		if errors.Is(acks[i].Err, wire.ErrFull) != full {
			t.Errorf("acknowledgement %d: %+v", i, acks[i])
		}
	}
}

// TestStateGivenBack holds that what could not be taken over still counts as waiting: else nothing would hold publishers back
// before retention takes it.
func TestStateGivenBack(t *testing.T) {
	j, _ := running(t, Options{Dir: t.TempDir()})
	publish(t, j, event("a", "1"), event("b", "2"))
	topics, bytes := j.state.waits()
	if topics != 2 || bytes == 0 {
		t.Fatalf("%d topics and %d bytes wait", topics, bytes)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.deriveOnce(ended); err == nil {
		t.Fatal("it was taken over: the test shows nothing")
	}
	if gotTopics, gotBytes := j.state.waits(); gotTopics != topics || gotBytes != bytes {
		t.Errorf("%d topics and %d bytes wait, not %d and %d", gotTopics, gotBytes, topics, bytes)
	}
}

// TestEngineClosedWhileDeriving holds that nobody waits for ever for the answers of an engine that was closed to be started
// again.
func TestEngineClosedWhileDeriving(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir()}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	e, err := openEngine(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	if _, err := e.write.SubscribeSync("silent"); err != nil {
		t.Fatal(err)
	}
	if err := e.write.Flush(); err != nil {
		t.Fatal(err)
	}
	future, err := e.js.PublishAsync("silent", nil)
	if err != nil {
		t.Fatal(err)
	}
	e.close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*engineCall)
	defer cancel()
	if err := allStored(ctx, []jetstream.PubAckFuture{future}); !errors.Is(err, wire.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// TestMaxPerTopic holds that a busy topic is kept short, that history still has no holes, and that the state is whole.
func TestMaxPerTopic(t *testing.T) {
	j, _ := running(t, Options{MaxPerTopic: 100})
	publish(t, j, event("rare", "r"))
	for i := range 1000 {
		publish(t, j, event("busy", fmt.Sprint(i)), event("other", fmt.Sprint("o", i)))
	}
	for began := time.Now(); j.Bounds().Oldest < 1700; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("bounds %+v", j.Bounds())
		}
	}
	entries, gaps := history(t, j, 0)
	counts := map[string]int{}
	for _, e := range entries {
		counts[e.Topic]++
	}
	if counts["busy"] > 110 || counts["busy"] < 90 || counts["other"] < 90 {
		t.Errorf("%v", counts)
	}
	if oldest := j.Bounds().Oldest; len(gaps) != 1 || gaps[0] != (wire.Gap{After: 0, Before: oldest, Reason: "trimmed"}) {
		t.Errorf("gaps %+v, oldest %d", gaps, oldest)
	}
	if got := states(t, j, func(topic string) bool { return topic == "rare" }); got != "1 rare" {
		t.Errorf("state %s", got)
	}
	if a := publish(t, j, event("busy", "more"))[0]; a.Err != nil || a.Cursor.Seq != 2002 {
		t.Errorf("%+v", a)
	}
}

func TestMaxAge(t *testing.T) {
	j, _ := running(t, Options{MaxAge: time.Second})
	publish(t, j, event("a", "1"), event("b", "2"))
	for began := time.Now(); j.Bounds().Oldest != 3; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("bounds %+v", j.Bounds())
		}
	}
	if a := publish(t, j, event("a", "3"))[0]; a.Cursor.Seq != 3 {
		t.Errorf("%+v", a)
	}
	if got := states(t, j, everything); got != "2 b, 3 a" {
		t.Errorf("state %s", got)
	}
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	running(t, Options{Dir: dir})
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second journal in the same directory: %v", err)
	}
}

// TestWindow holds that the window of known events is bounded and that the newest are in it.
func TestWindow(t *testing.T) {
	dir := t.TempDir()
	j, stop := running(t, Options{Dir: dir, Window: 10})
	for i := range 20 {
		publish(t, j, event("a", fmt.Sprint(i)))
	}
	again := func(id string) wire.Ack { return publish(t, j, event("a", id))[0] }
	if a := again("19"); !a.Duplicate || a.Cursor.Seq != 20 {
		t.Errorf("%+v", a)
	}
	if a := again("10"); !a.Duplicate {
		t.Errorf("%+v", a)
	}
	stop()
	j, _ = running(t, Options{Dir: dir, Window: 10})
	if a := again("12"); !a.Duplicate || a.Cursor.Seq != 13 {
		t.Errorf("after the restart: %+v", a)
	}
	if a := again("3"); a.Duplicate || a.Cursor.Seq != 21 {
		t.Errorf("of long ago: %+v", a)
	}
	if len(j.window.ring) > 10 || len(j.window.seqs) > 10 {
		t.Errorf("%d and %d keys", len(j.window.ring), len(j.window.seqs))
	}
}
