package daemon

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/journal"
	"rtevent/internal/wire"
)

// lastKnown are the listeners of this host that were open when the journal last heard of them.
func lastKnown(ctx context.Context, log *journal.Journal, host string) ([]rtevent.Listener, error) {
	filter := "listener." + rtevent.TopicToken(host) + ".>"
	_, entries := log.State(ctx, func(topic string) bool { return rtevent.MatchTopic(filter, topic) })
	var known []rtevent.Listener
	for entry, err := range entries {
		if err != nil {
			return nil, err
		}
		var e rtevent.Event
		var change rtevent.ListenerChange
		if json.Unmarshal(entry.Line, &e) != nil || json.Unmarshal(e.Data, &change) != nil || change.Listener == nil {
			continue // of another version: what is there will be found again
		}
		switch e.Type {
		case rtevent.ListenerOpened, rtevent.ListenerIdentified, rtevent.ListenerChanged:
			known = append(known, *change.Listener)
		}
	}
	return known, nil
}

// publisher is what a teller needs of the journal.
type publisher interface {
	Publish(p wire.Publication, done func(wire.Ack))
}

// teller puts the events of this host into the journal, all of them and those of a topic in order: what the journal cannot
// take now is tried again until it can, and before that nothing else of its topic is told.
type teller struct {
	log    publisher
	logger *slog.Logger
	pause  time.Duration // between attempts

	mu       sync.Mutex
	changed  sync.Cond
	underWay map[string]bool    // by topic
	failed   []wire.Publication // in order
	lastErr  error
}

// most is how many events are under way at most.
const most = 256

func newTeller(log publisher, logger *slog.Logger) *teller {
	t := &teller{log: log, logger: logger, pause: time.Second, underWay: map[string]bool{}}
	t.changed.L = &t.mu
	return t
}

// tell returns when the event is on its way. While the journal takes nothing it waits, and gives up when ctx ends: the next
// start finds the difference.
func (t *teller) tell(ctx context.Context, e rtevent.Event) {
	line, err := json.Marshal(e)
	if err != nil {
		t.logger.Error("write an event", "type", e.Type, "topic", e.Topic, "error", err)
		return
	}
	p, fault := wire.ReadEvent(line)
	if fault != nil {
		t.logger.Error("write an event", "type", e.Type, "topic", e.Topic, "error", fault)
		return
	}
	if t.ready(ctx, p.Topic) {
		t.publish(p)
	}
}

// ready waits until there is room, nothing has failed, and nothing of the topic is under way.
func (t *teller) ready(ctx context.Context, topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		for len(t.underWay) >= most || t.underWay[topic] || len(t.underWay) > 0 && len(t.failed) > 0 {
			t.changed.Wait()
		}
		if len(t.failed) == 0 {
			return true
		}
		again, err := t.failed, t.lastErr
		t.failed = nil
		t.mu.Unlock()
		t.logger.Warn("the journal takes no events: trying again", "waiting", len(again), "error", err)
		if !sleep(ctx, t.pause) {
			t.mu.Lock()
			t.failed = again // settle tells of them
			return false
		}
		for _, p := range again {
			t.publish(p)
		}
		t.mu.Lock()
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (t *teller) publish(p wire.Publication) {
	t.mu.Lock()
	t.underWay[p.Topic] = true
	t.mu.Unlock()
	t.log.Publish(p, func(a wire.Ack) {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.underWay, p.Topic)
		if a.Err != nil {
			t.failed, t.lastErr = append(t.failed, p), a.Err
		}
		t.changed.Broadcast()
	})
}

// settle waits until nothing is under way.
func (t *teller) settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.underWay) > 0 {
		t.changed.Wait()
	}
	if n := len(t.failed); n > 0 {
		t.logger.Error("events are not kept: the next start will tell the difference", "events", n, "error", t.lastErr)
	}
}
