// Reading history: from the engine, a piece at a time, and every hole is told.

package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"rtevent/internal/wire"
)

const (
	mostAsking  = 4         // readers whose pieces are being fetched; the others wait their turn
	readersHold = 64 << 20  // what all readers together may hold in memory, as far as the least piece allows
	mostPiece   = 512 << 10 // bytes
	leastPiece  = 16 << 10
)

// Read yields history after a number, in order, up to the newest at the moment it gets there. Where events are missing it
// yields a *wire.Gap as the error and goes on; any other error ends it. Readers hold one or two pieces of history each and
// leave nothing behind in the engine.
func (j *Journal) Read(ctx context.Context, after uint64) iter.Seq2[wire.Entry, error] {
	return j.entries(j.records(ctx, after))
}

// entries makes the records travel.
func (j *Journal) entries(records iter.Seq2[record, error]) iter.Seq2[wire.Entry, error] {
	return func(yield func(wire.Entry, error) bool) {
		for r, err := range records {
			var e wire.Entry
			if err == nil {
				e = wire.Entry{Seq: r.seq, Topic: r.topic, Stored: r.stored, Line: wire.Stamp(r.line, j.cursor(r.seq))}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// records yields what is visible after a number; every hole as a *wire.Gap.
func (j *Journal) records(ctx context.Context, after uint64) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		j.stats.readers.Add(1)
		defer j.stats.readers.Add(-1)
		ctx, cancel := context.WithCancel(ctx)
		pieces := make(chan piece)
		go j.fetch(ctx, after, pieces)
		defer func() {
			cancel()
			for range pieces { // until the fetcher has ended
			}
		}()
		for p := range pieces {
			for _, r := range p.records {
				if r.seq != after+1 && !yield(record{}, j.gap(ctx, after, r.seq)) {
					return
				}
				after = r.seq
				if !yield(r, nil) {
					return
				}
			}
			if p.err != nil {
				yield(record{}, p.err)
				return
			}
			if after < p.last && !yield(record{}, j.gap(ctx, after, p.last+1)) {
				return
			}
			after = max(after, p.last)
		}
	}
}

// piece is a stretch of history: what of it is there, up to a number.
type piece struct {
	records []record
	last    uint64
	err     error
}

// fetch fetches piece after piece, each while the one before is being read.
func (j *Journal) fetch(ctx context.Context, after uint64, pieces chan<- piece) {
	defer close(pieces)
	for after < j.newest.Load() {
		var p piece
		p.records, p.last, p.err = j.stretch(ctx, after, j.newest.Load())
		select {
		case pieces <- p:
		case <-ctx.Done():
			return
		}
		if p.err != nil {
			return
		}
		after = p.last
	}
}

// stretch returns what there is right after a number, not beyond newest, and up to where it looked.
func (j *Journal) stretch(ctx context.Context, after, newest uint64) ([]record, uint64, error) {
	size := min(max(leastPiece, readersHold/2/int(max(1, j.stats.readers.Load()))), mostPiece)
	records, last, err := j.turn(ctx, after+1, size)
	if err != nil {
		return nil, 0, err
	}
	if len(records) == 0 && j.engine.Load().shared {
		if records, last, err = j.insist(ctx, after+1, size); err != nil {
			return nil, 0, err
		}
	}
	if len(records) == 0 { // nothing can be read here; something may be further on
		if last, err = j.skip(ctx, after+1, newest); err != nil {
			return nil, 0, err
		}
		return nil, last, nil
	}
	for len(records) > 0 && records[len(records)-1].seq > newest {
		records = records[:len(records)-1]
	}
	return records, min(last, newest), nil
}

// insist asks again for what one server of a cluster did not have, for as long as their leader has it.
func (j *Journal) insist(ctx context.Context, from uint64, size int) ([]record, uint64, error) {
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		has, err := j.engine.Load().leaderHas(ctx, from)
		if err != nil || !has {
			return nil, 0, err
		}
		records, last, err := j.turn(ctx, from, size)
		if err != nil || len(records) > 0 {
			return records, last, err
		}
		if wait > engineCall {
			return nil, 0, unavailable("read journal", fmt.Errorf("the servers disagree about %d", from))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// skip returns the last number of a hole that begins at from: of a block that the engine cannot load it says nothing at
// all, so the end of it must be searched for.
func (j *Journal) skip(ctx context.Context, from, newest uint64) (uint64, error) {
	there := func(at uint64) (uint64, error) {
		records, _, err := j.turn(ctx, at, leastPiece)
		if err != nil || len(records) == 0 {
			return 0, err
		}
		return records[0].seq, nil
	}
	empty, found := from, uint64(0) // from empty on nothing was read; found was
	for step := uint64(1); found == 0; step *= 2 {
		at := empty + step
		if at > newest {
			if at = newest; at <= empty {
				return newest, nil
			}
		}
		seq, err := there(at)
		if err != nil {
			return 0, err
		}
		if found = seq; seq == 0 {
			empty = at
		}
	}
	for empty+1 < found {
		seq, err := there(empty + (found-empty)/2)
		if err != nil {
			return 0, err
		}
		if seq == 0 {
			empty += (found - empty) / 2
		} else if seq < found {
			found = seq
		} else {
			break // what lies between is missing
		}
	}
	return min(found-1, newest), nil
}

// turn fetches a piece when it is this reader's turn.
func (j *Journal) turn(ctx context.Context, from uint64, size int) ([]record, uint64, error) {
	select {
	case j.asking <- struct{}{}:
		defer func() { <-j.asking }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	return j.engine.Load().piece(ctx, logStream, from, size)
}

// gap tells of a hole, and counts it.
func (j *Journal) gap(ctx context.Context, after, before uint64) *wire.Gap {
	g := &wire.Gap{After: after, Before: before, Reason: "damaged"}
	if before > j.oldest.Load() {
		_ = j.lookOldest(ctx) // retention may have been at work since
	}
	if before <= j.oldest.Load() {
		g.Reason = "trimmed"
		j.stats.trimmed.Add(1)
	} else {
		j.stats.damaged.Add(1)
	}
	return g
}

// lookOldest asks the engine where history begins.
func (j *Journal) lookOldest(ctx context.Context) error {
	info, err := j.engine.Load().log.Info(ctx)
	if err != nil {
		return unavailable("look at the log", err)
	}
	j.oldest.Store(max(1, info.State.FirstSeq))
	j.stats.logBytes.Store(info.State.Bytes)
	return nil
}

// ReadTopic yields history after a number as Read does, of the topics that match one filter only; the engine finds them.
// Holes are not told: between two events of a topic there are others.
func (j *Journal) ReadTopic(ctx context.Context, after uint64, filter string) iter.Seq2[wire.Entry, error] {
	return j.entries(func(yield func(record, error) bool) {
		for after < j.newest.Load() {
			q := question{Seq: after + 1, Next: logSubject + filter, Batch: pieceEvents, MaxBytes: mostPiece}
			replies, _, err := j.engine.Load().ask(ctx, logStream, q)
			if err != nil {
				yield(record{}, err)
				return
			}
			if len(replies) == 0 {
				return
			}
			newest := j.newest.Load()
			for _, m := range replies {
				r, err := parseRecord(m.data)
				if after = m.seq; after > newest {
					return
				}
				if r.seq = m.seq; err == nil && !yield(r, nil) {
					return
				}
			}
		}
	})
}

// After returns the number before the first event that was stored at t or later.
func (j *Journal) After(ctx context.Context, t time.Time) (uint64, error) {
	t = t.UTC()
	newest := j.newest.Load()
	replies, _, err := j.engine.Load().ask(ctx, logStream, question{StartTime: &t, Batch: 1})
	if err != nil {
		return 0, fmt.Errorf("find %v: %w", t, err)
	}
	if len(replies) == 0 || replies[0].seq > newest {
		return newest, nil
	}
	return replies[0].seq - 1, nil
}

// isGap tells whether an error of a reader is a hole after which reading goes on.
func isGap(err error) bool {
	var gap *wire.Gap
	return errors.As(err, &gap)
}
