// Package journal is the numbered history and the current state: what is published is stored once, in order, as durably as
// promised, and read again from any number. It is the sole user of NATS JetStream, which runs inside this process.
package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rtevent"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// Journal is one numbered history. Its methods may be called at the same time.
type Journal struct {
	options Options
	engine  *engine
	epoch   string
	queue   *queue
	tail    *tail.Tail
	state   *state
	disk    *disk

	oldest atomic.Uint64
	newest atomic.Uint64 // what readers may see

	mu     sync.Mutex
	window *window         // what was stored lately, and
	flying map[key]*flight // what is being stored

	closing  sync.Once
	closeErr error
}

// Open starts the engine and reads what is there. Run must follow, or Close.
func Open(o Options) (*Journal, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	mark, err := readEpoch(o.Dir)
	if err != nil {
		return nil, err
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		options: o,
		engine:  e,
		queue:   newQueue(queueBytes),
		tail:    tail.New(o.TailBytes, e.logState.LastSeq),
		state:   newState(o.MaxTopics),
		disk:    newDisk(o),
		window:  newWindow(o.Window),
		flying:  map[key]*flight{},
	}
	if err := j.begin(ctx, mark); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return j, nil
}

// begin finds the place in history at which this run goes on.
func (j *Journal) begin(ctx context.Context, mark epochMark) error {
	first, last := j.engine.logState.FirstSeq, j.engine.logState.LastSeq
	j.oldest.Store(max(first, 1))
	j.newest.Store(last)
	if err := j.disk.begin(); err != nil {
		return fmt.Errorf("open journal %s: %w", j.options.Dir, err)
	}
	var why string
	if j.epoch, why = mark.next(last); why != "" {
		j.options.Log.Info("a new epoch begins", "epoch", j.epoch, "why", why)
	}
	mark = epochMark{Epoch: j.epoch, Newest: last, Durability: j.options.Durability}
	if err := mark.write(j.options.Dir); err != nil {
		return err
	}
	return j.load(ctx)
}

// load reads from the log what must be known of it: the last event of each topic, and the keys of the newest.
func (j *Journal) load(ctx context.Context) error {
	newest := j.newest.Load()
	for entry, err := range j.records(ctx, 0) {
		var gap *wire.Gap
		if errors.As(err, &gap) {
			continue
		} else if err != nil {
			return fmt.Errorf("open journal %s: read the log: %w", j.options.Dir, err)
		}
		j.state.put(entry.topic, entry.seq)
		if entry.seq+uint64(j.options.Window) > newest {
			j.window.add(entry.key, entry.seq)
		}
	}
	return nil
}

// Run stores what is published until ctx ends; then it stores what still waits, and closes the journal. It returns an error
// when the journal cannot keep its promise any more.
func (j *Journal) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer j.queue.closeWith(ctx)()

	err := j.commit(ctx)
	return errors.Join(err, j.Close())
}

// Close ends a journal that does not run.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.queue.close()
		mark := epochMark{Epoch: j.epoch, Clean: true, Newest: j.newest.Load(), Durability: j.options.Durability}
		j.closeErr = j.engine.close()
		if err := j.disk.sync(); err != nil {
			j.closeErr = errors.Join(j.closeErr, err)
			return
		}
		j.closeErr = errors.Join(j.closeErr, mark.write(j.options.Dir))
	})
	return j.closeErr
}

// Bounds returns the ends of what readers may see.
func (j *Journal) Bounds() wire.Bounds {
	newest := j.newest.Load()
	return wire.Bounds{Epoch: j.epoch, Oldest: min(j.oldest.Load(), newest+1), Newest: newest}
}

// Tail returns the newest stretch of history in memory.
func (j *Journal) Tail() *tail.Tail { return j.tail }

// Durability returns what acknowledgements promise.
func (j *Journal) Durability() Durability { return j.options.Durability }

func (j *Journal) cursor(seq uint64) rtevent.Cursor {
	return rtevent.Cursor{Epoch: j.epoch, Seq: seq}
}
