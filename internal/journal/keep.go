// Keeping: what must be done now and then, whoever publishes or reads.

package journal

import (
	"context"
	"fmt"
	"time"
)

const (
	keepEvery = time.Second
	markEvery = 10 * time.Second
)

// keep looks after the journal until ctx ends; fail ends the journal.
func (j *Journal) keep(ctx context.Context, fail context.CancelCauseFunc) {
	every := time.NewTicker(keepEvery)
	defer every.Stop()
	syncs := make(<-chan time.Time)
	if j.single() && j.options.Durability == Interval {
		ticker := time.NewTicker(j.options.SyncEvery)
		defer ticker.Stop()
		syncs = ticker.C
	}
	var marked, synced uint64
	markedAt := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-syncs:
			if newest := j.newest.Load(); newest != synced {
				if err := j.disk.sync(); err != nil {
					fail(fmt.Errorf("%w: %w", errDisk, err))
					return
				}
				synced = newest
			}
			continue
		case <-every.C:
		}
		if err := j.look(ctx); err != nil && ctx.Err() == nil {
			j.options.Log.Warn("the engine does not say how it is", "err", err)
		}
		if newest := j.newest.Load(); j.single() && newest != marked && time.Since(markedAt) > markEvery {
			if err := j.mark(false); err != nil {
				j.options.Log.Warn("the mark of the epoch falls behind", "err", err)
			}
			marked, markedAt = newest, time.Now()
		}
	}
}

// look learns where history begins, and trims what is too much of one topic.
func (j *Journal) look(ctx context.Context) error {
	if err := j.lookOldest(ctx); err != nil {
		return err
	}
	if j.options.MaxPerTopic > 0 && !j.engine.Load().shared {
		return j.trimTopics(ctx)
	}
	return nil
}

// trimTopics moves the front of history up to where no topic has too many events.
func (j *Journal) trimTopics(ctx context.Context) error {
	most := j.options.MaxPerTopic
	front := uint64(0)
	for _, topic := range j.state.above(uint32(most + most/10)) {
		count, err := j.engine.Load().count(ctx, topic)
		if err != nil {
			return err
		}
		j.state.counted(topic, uint32(count))
		if count <= most+most/10 {
			continue
		}
		last, err := j.engine.Load().nth(ctx, topic, count-most)
		if err != nil {
			return err
		}
		front = max(front, last+1)
		j.state.counted(topic, uint32(most))
	}
	if front <= j.oldest.Load() {
		return nil
	}
	if err := j.deriveOnce(ctx); err != nil { // what goes must be in the state before
		return err
	}
	if err := j.engine.Load().trim(ctx, j.options, front); err != nil {
		return err
	}
	return j.lookOldest(ctx)
}
