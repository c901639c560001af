// Package journal is the numbered history and the current state: what is published is stored once, in order, as durably as
// promised, and read again from any number. It is the sole user of NATS JetStream, which runs inside this process.
package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"rtevent"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

const openTime = 5 * time.Minute // for a cluster to find together, for a long log to be read

// Journal is one numbered history. Its methods may be called at the same time.
type Journal struct {
	options Options
	engine  atomic.Pointer[engine]
	epoch   string
	why     string    // that epoch began, if it did with this run
	lock    io.Closer // of the directory
	queue   *queue
	tail    *tail.Tail
	state   *state
	disk    *disk         // nil where others keep the log
	asking  chan struct{} // a place for each reader whose piece is fetched
	stats   counters

	deriving sync.Mutex    // one derives at a time
	hurry    chan struct{} // deriving is due before its time

	oldest atomic.Uint64
	newest atomic.Uint64 // what readers may see

	mu     sync.Mutex
	window *window         // what was stored lately, and
	flying map[key]*flight // what is being stored

	closing sync.Once
	closed  error
}

// Open starts the engine and reads what is there. Run must follow, or Close.
func Open(o Options) (*Journal, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	j := &Journal{
		options: o,
		queue:   newQueue(int(min(queueBytes, o.MaxBytes/deriveShare))),
		state:   newState(o.MaxTopics),
		asking:  make(chan struct{}, mostAsking),
		window:  newWindow(o.Window),
		flying:  map[key]*flight{},
		hurry:   make(chan struct{}, 1),
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	if err := j.open(ctx); err != nil {
		return nil, errors.Join(err, j.release(err))
	}
	return j, nil
}

func (j *Journal) open(ctx context.Context) (err error) {
	o := j.options
	var mark epochMark
	var end tip
	if o.Dir != "" && o.Engine == "" {
		if err := makeDir(o.Dir); err != nil {
			return err
		}
		if j.lock, err = lockDir(o.Dir); err != nil {
			return fmt.Errorf("open journal %s: %w", o.Dir, err)
		}
	}
	if j.single() {
		j.disk = newDisk(o, &j.stats)
		if mark, err = readEpoch(o.Dir); err != nil {
			return err
		}
		if err := restoreConfig(o); err != nil {
			return err
		}
		if end, err = j.disk.tip(); err != nil {
			return err
		}
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return err
	}
	j.engine.Store(e)
	j.oldest.Store(max(e.found.State.FirstSeq, 1))
	j.newest.Store(e.found.State.LastSeq)
	j.tail = tail.New(o.TailBytes, j.newest.Load())
	if err := j.begin(mark, end); err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	return j.load(ctx)
}

// single tells whether the log is of this process alone.
func (j *Journal) single() bool { return j.options.Engine == "" && j.options.Cluster == nil }

// begin finds the epoch in which this run goes on.
func (j *Journal) begin(mark epochMark, end tip) error {
	if !j.single() {
		j.epoch = j.engine.Load().found.Config.Metadata[epochKey]
		if !validEpoch(j.epoch) {
			return fmt.Errorf("the stream %s has no epoch in its metadata (%s)", logStream, epochKey)
		}
		return nil
	}
	if err := j.disk.begin(); err != nil {
		return err
	}
	if err := keepConfig(j.options); err != nil {
		return err
	}
	if j.epoch, j.why = mark.next(j.newest.Load(), j.disk.cut(end), readHigh(j.options.Dir)); j.why != "" {
		j.options.Log.Info("a new epoch begins", "epoch", j.epoch, "why", j.why)
	}
	if err := j.mark(false); err != nil {
		return err
	}
	return j.disk.openHigh(j.newest.Load())
}

// mark writes down how far history has got.
func (j *Journal) mark(clean bool) error {
	m := epochMark{Epoch: j.epoch, Clean: clean, Newest: j.newest.Load(), Durability: j.options.Durability}
	return m.write(j.options.Dir)
}

// Run stores what is published until ctx ends; then it stores what still waits, and closes the journal. It returns an error
// when the journal cannot keep its promise any more: it is closed then, too, and a new one may be opened.
func (j *Journal) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, j.queue.close)
	defer stop()

	var beside sync.WaitGroup
	beside.Go(func() { j.derive(ctx) })
	beside.Go(func() { j.keep(ctx, cancel) })
	if !j.single() {
		beside.Go(func() { j.follow(ctx, cancel) })
	}
	err := j.commit(ctx)
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	cancel(nil)
	beside.Wait()
	return errors.Join(err, j.end(err))
}

// Close ends a journal that does not run.
func (j *Journal) Close() error { return j.end(nil) }

// end closes the journal, in order unless something failed.
func (j *Journal) end(failed error) error {
	j.closing.Do(func() {
		j.queue.close()
		if failed == nil {
			ctx, cancel := context.WithTimeout(context.Background(), engineCall)
			defer cancel()
			if topics, _ := j.state.waits(); topics > 0 {
				if err := j.deriveOnce(ctx); err != nil {
					j.options.Log.Warn("the state is behind", "err", err) // the next start makes up for it
				}
			}
		}
		j.closed = j.release(failed)
	})
	return j.closed
}

// release gives back everything. The mark of an end in order comes last, when all is on the disk.
func (j *Journal) release(failed error) error {
	var err error
	if e := j.engine.Load(); e != nil {
		e.close()
	}
	if j.single() && j.epoch != "" {
		if failed == nil {
			err = j.disk.sync()
		}
		if errors.Is(failed, errLost) {
			j.epoch = "" // the next run begins another
		}
		err = errors.Join(err, j.mark(failed == nil && err == nil))
	}
	err = errors.Join(err, j.disk.closeHigh())
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
	}
	return err
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
