// Reading history: from the engine, a piece at a time, never with a consumer of its own.

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"rtevent/internal/wire"
)

const (
	pieceEvents = 1000
	pieceBytes  = 512 << 10
)

// stored is a record with what the engine says of it.
type stored struct {
	record
	seq  uint64
	time time.Time
	err  error // it is there and is no record
}

// Read yields history after a number, in order, up to the newest at the moment it gets there. Where events are missing it
// yields a *wire.Gap as the error and goes on; any other error ends it.
func (j *Journal) Read(ctx context.Context, after uint64) iter.Seq2[wire.Entry, error] {
	return func(yield func(wire.Entry, error) bool) {
		for s, err := range j.records(ctx, after) {
			if err != nil {
				if !yield(wire.Entry{}, err) {
					return
				}
				continue
			}
			if !yield(j.entry(s), nil) {
				return
			}
		}
	}
}

func (j *Journal) entry(s stored) wire.Entry {
	return wire.Entry{Seq: s.seq, Topic: s.topic, Stored: s.time, Line: wire.Stamp(s.line, j.cursor(s.seq))}
}

// records yields what is visible after a number; every hole as a *wire.Gap.
func (j *Journal) records(ctx context.Context, after uint64) iter.Seq2[stored, error] {
	return func(yield func(stored, error) bool) {
		for after < j.newest.Load() {
			newest := j.newest.Load()
			piece, err := j.engine.piece(ctx, after+1)
			if err != nil {
				yield(stored{}, err)
				return
			}
			if len(piece) == 0 {
				yield(stored{}, j.gap(after, newest+1))
				return
			}
			for _, s := range piece {
				if s.seq > newest {
					break
				}
				if s.err != nil {
					continue // a hole like any other
				}
				if s.seq != after+1 && !yield(stored{}, j.gap(after, s.seq)) {
					return
				}
				after = s.seq
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

func (j *Journal) gap(after, before uint64) *wire.Gap {
	g := &wire.Gap{After: after, Before: before, Reason: "damaged"}
	if before <= j.oldest.Load() {
		g.Reason = "trimmed"
	}
	return g
}

// piece asks the engine for the events from a number on.
func (e *engine) piece(ctx context.Context, from uint64) ([]stored, error) {
	request, err := json.Marshal(map[string]any{"seq": from, "batch": pieceEvents, "max_bytes": pieceBytes})
	if err != nil {
		return nil, err
	}
	inbox := nats.NewInbox()
	replies := make(chan *nats.Msg, pieceEvents+1)
	sub, err := e.read.ChanSubscribe(inbox, replies)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer sub.Unsubscribe()
	if err := e.read.PublishRequest("$JS.API.DIRECT.GET."+logStream, inbox, request); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	var piece []stored
	patience := time.NewTimer(engineCall)
	defer patience.Stop()
	for {
		select {
		case m := <-replies:
			switch m.Header.Get("Status") {
			case "":
				piece = append(piece, parseStored(m))
			case "204", "404":
				return piece, nil
			default:
				return nil, fmt.Errorf("read journal: the engine says %s %s", m.Header.Get("Status"), m.Header.Get("Description"))
			}
		case <-patience.C:
			return nil, fmt.Errorf("read journal: no answer within %v: %w", engineCall, wire.ErrUnavailable)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func parseStored(m *nats.Msg) (s stored) {
	var err error
	s.seq, err = strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	s.record, s.err = parseRecord(m.Header.Get("Nats-Subject"), logSubject, m.Data)
	s.time, _ = time.Parse(time.RFC3339Nano, m.Header.Get("Nats-Time-Stamp"))
	s.err = errors.Join(err, s.err)
	return s
}

// After returns the number before the first event that was stored at t or later.
func (j *Journal) After(ctx context.Context, t time.Time) (uint64, error) {
	request, err := json.Marshal(map[string]any{"start_time": t.UTC(), "batch": 1})
	if err != nil {
		return 0, err
	}
	m, err := j.engine.read.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+logStream, request)
	if err != nil {
		return 0, fmt.Errorf("find %v in the journal: %w", t, err)
	}
	seq, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil || seq == 0 || seq > j.newest.Load() {
		return j.newest.Load(), nil
	}
	return seq - 1, nil
}
