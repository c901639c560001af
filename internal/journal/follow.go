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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan jetstream.Msg, mostGroup)
	failed := make(chan error, 1)
	reading, err := consumer.Consume(func(m jetstream.Msg) {
		select {
		case messages <- m:
		case <-ctx.Done():
		}
	}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		select {
		case failed <- err:
		default:
		}
	}))
	if err != nil {
		return err
	}
	defer reading.Stop()
	for j.engine.Load() == e {
		select {
		case m := <-messages:
			j.showMessages(m, messages)
		case err := <-failed:
			return err
		case <-time.After(retryEvery): // look at the engine
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// showMessages makes an event visible together with those that have come since.
func (j *Journal) showMessages(m jetstream.Msg, more <-chan jetstream.Msg) {
	var lines []tail.Line
	newest := j.newest.Load()
	j.mu.Lock()
	for {
		// What is no event of ours is a hole, and the next event tells it.
		about, err := m.Metadata()
		r, err2 := parseRecord(m.Data())
		if err == nil && err2 == nil && about.Sequence.Stream > newest {
			newest = about.Sequence.Stream
			j.window.add(r.key, newest)
			lines = append(lines, tail.Line{Seq: newest, Topic: r.topic, Bytes: wire.Stamp(r.line, j.cursor(newest))})
		}
		if len(more) == 0 || len(lines) == mostGroup {
			break
		}
		m = <-more
	}
	j.mu.Unlock()
	j.append(lines)
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
