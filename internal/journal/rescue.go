// Rescue: an engine that got stuck (after a full disk it stays so) is started again, and what it had not acknowledged is
// looked for in its log, so that each publication is answered truthfully.

package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// errLost says that history which had been acknowledged is gone: nobody may go on in this epoch.
var errLost = errors.New("acknowledged history is lost")

const retryEvery = 500 * time.Millisecond

// rescue starts the engine again and returns those of the flights that must be stored again. Meanwhile whatever is
// published is refused.
func (j *Journal) rescue(ctx context.Context, left []*flight) ([]*flight, error) {
	j.stats.restarts.Add(1)
	if !j.engine.Load().shared {
		j.engine.Load().close()
	}
	for {
		err := j.reopen(ctx)
		if err == nil {
			return j.recover(ctx, left)
		}
		if errors.Is(err, errLost) || ctx.Err() != nil {
			return left, err
		}
		j.options.Log.Warn("the engine does not start", "err", err)
		j.refuse(left, err)
		left = nil
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// reopen starts the engine, or reaches it again, unless there is no room for it to start in.
func (j *Journal) reopen(ctx context.Context) error {
	old := j.engine.Load()
	if err := j.disk.full(); err != nil && old.server != nil {
		return err
	}
	e, err := openEngine(ctx, j.options)
	if err != nil {
		return err
	}
	if e.found.State.LastSeq < j.newest.Load() {
		e.close()
		return fmt.Errorf("%w: the log ends at %d, and %d had been acknowledged", errLost, e.found.State.LastSeq, j.newest.Load())
	}
	j.engine.Store(e)
	if old.shared {
		old.close()
	}
	return nil
}

// refuse answers for all that waits, with the reason.
func (j *Journal) refuse(left []*flight, err error) {
	if !errors.Is(err, wire.ErrFull) {
		err = unavailable("store", err)
	}
	for _, i := range j.queue.takeNow() {
		left = append(left, j.launch(i, err))
	}
	j.finish(left, err)
}

// recover shows what the log has beyond what is visible, and returns the flights that it does not have.
func (j *Journal) recover(ctx context.Context, left []*flight) ([]*flight, error) {
	e := j.engine.Load()
	byKey := map[key]*flight{}
	for _, f := range left {
		if f.first == nil && f.err == nil {
			byKey[f.key] = f
			f.seq = 0
		}
	}
	if !e.shared {
		if err := j.disk.begin(); err != nil {
			return left, errors.Join(errDisk, err)
		}
	}
	var lines []tail.Line
	for after, last := j.newest.Load(), e.found.State.LastSeq; after < last; {
		records, end, err := j.stretch(ctx, after, last)
		if err != nil {
			return left, err
		}
		for _, r := range records {
			lines = append(lines, tail.Line{Seq: r.seq, Topic: r.topic, Bytes: wire.Stamp(r.line, j.cursor(r.seq))})
			if f := byKey[r.key]; f != nil {
				f.seq = r.seq
			}
		}
		after = end
	}
	if !e.shared {
		j.append(lines)
	}
	var again []*flight
	for _, f := range left {
		if f.first == nil && f.err == nil && f.seq == 0 {
			again = append(again, f)
			continue
		}
		if f.first != nil && f.first.seq == 0 && f.first.err == nil {
			again = append(again, f) // its first is stored again before it
			continue
		}
		j.finish([]*flight{f}, nil)
	}
	return again, nil
}
