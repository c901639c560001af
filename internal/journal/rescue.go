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

const (
	retryEvery     = 500 * time.Millisecond
	rescuePatience = 15 * time.Second // for one attempt; a cluster takes 5 to find a new leader
)

// rescue starts the engine again and returns those of the flights that must be stored again. Meanwhile whatever is
// published is refused.
func (j *Journal) rescue(ctx context.Context, left []*flight) ([]*flight, error) {
	j.stats.restarts.Add(1)
	if !j.engine.Load().shared {
		j.engine.Load().close()
	}
	for {
		patient, cancel := context.WithTimeout(ctx, rescuePatience)
		err := j.reopen(patient)
		cancel()
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

// reopen starts the engine again, unless there is no room for it to start in. One that is shared is reached again: others
// live on it, too.
func (j *Journal) reopen(ctx context.Context) (err error) {
	old := j.engine.Load()
	var e *engine
	if old.shared {
		e, err = old.reachAgain(ctx, j.options)
	} else if err = j.disk.full(); err == nil {
		e, err = openEngine(ctx, j.options)
	}
	if err != nil {
		return err
	}
	j.engine.Store(e)
	if old.shared {
		old.disconnect()
	}
	if last := e.found.State.LastSeq; last < j.newest.Load() {
		return fmt.Errorf("%w: the log ends at %d, and %d had been acknowledged", errLost, last, j.newest.Load())
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
	for _, f := range left {
		f.again = true
	}
	if e.shared {
		return left, nil // it is told their keys, and takes none twice
	}
	byKey := map[key]*flight{}
	for _, f := range left {
		if f.first == nil && f.err == nil {
			byKey[f.key] = f
			f.seq = 0
		}
	}
	if err := j.disk.begin(); err != nil {
		return left, errors.Join(errDisk, err)
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
	j.append(lines)
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
