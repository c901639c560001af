// Following: where others write to the log, too, one reader of the engine makes everything visible, in order.

package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// follow shows what is stored until ctx ends; fail ends the journal.
func (j *Journal) follow(ctx context.Context, fail context.CancelCauseFunc) {
	for ctx.Err() == nil {
		if err := j.followOnce(ctx); err != nil && ctx.Err() == nil {
			j.options.Log.Warn("the engine cannot be followed", "err", err)
		}
		if err := j.sameHistory(ctx); err != nil {
			fail(err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// followOnce reads with one consumer until that fails or another engine takes its place.
func (j *Journal) followOnce(ctx context.Context) error {
	e := j.engine.Load()
	consumer, err := e.js.OrderedConsumer(ctx, logStream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   j.newest.Load() + 1,
	})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullHeartbeat(2 * time.Second))
	if err != nil {
		return err
	}
	defer messages.Stop()
	stop := context.AfterFunc(ctx, messages.Stop)
	defer stop()
	for j.engine.Load() == e {
		m, err := messages.Next()
		if err != nil {
			return err
		}
		if err := j.showMessage(m); err != nil {
			return err
		}
	}
	return nil
}

// showMessage makes one event visible.
func (j *Journal) showMessage(m jetstream.Msg) error {
	about, err := m.Metadata()
	if err != nil {
		return err
	}
	seq := about.Sequence.Stream
	r, err := parseRecord(m.Data())
	if err != nil || seq <= j.newest.Load() {
		return nil // what is no event is a hole, and the next event tells it
	}
	j.mu.Lock()
	j.window.add(r.key, seq)
	j.mu.Unlock()
	j.append([]tail.Line{{Seq: seq, Topic: r.topic, Bytes: wire.Stamp(r.line, j.cursor(seq))}})
	return nil
}

// sameHistory looks whether the log is still the one that was opened, and begins a new epoch for everybody when it is
// shorter than it was.
func (j *Journal) sameHistory(ctx context.Context) error {
	e := j.engine.Load()
	info, err := e.log.Info(ctx)
	if err != nil {
		return nil // not known
	}
	if epoch := info.Config.Metadata[epochKey]; epoch != j.epoch {
		return fmt.Errorf("%w: another begins the epoch %q", errLost, epoch)
	}
	if info.State.LastSeq >= j.newest.Load() {
		return nil
	}
	config := info.Config
	config.Metadata[epochKey] = newEpoch()
	_, err = e.js.UpdateStream(ctx, config)
	return fmt.Errorf("%w: the log ends at %d, and %d had been seen; the epoch is now %q (%v)", errLost, info.State.LastSeq, j.newest.Load(), config.Metadata[epochKey], err)
}
