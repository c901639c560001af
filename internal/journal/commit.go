// Storing, the first half: whatever waits goes to the engine, together, without waiting for what went before.

package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"rtevent/internal/wire"
)

const (
	queueBytes = 32 << 20 // of publications that wait or are being stored

	// With a group that is being settled these are what the engine has not acknowledged. It answers readers in turn with
	// what it stores: so many events are what a reader waits for in a flood.
	mostFlying = 1024
)

// flight is a publication between the queue and its acknowledgement.
type flight struct {
	*item
	first *flight // the same event, stored or being stored before it
	again bool    // it is sent once more, and may have been stored the first time
	seq   uint64
	err   error
}

// Publish stores an event once and then calls done with its cursor: when it is as durable as promised, in the order of
// numbers, from a goroutine of the journal, which it must not block. Publish itself blocks while too much waits. A journal
// that ends answers ErrUnavailable.
func (j *Journal) Publish(p wire.Publication, done func(wire.Ack)) {
	i := &item{Publication: p, key: keyOf(p.Source, p.ID), done: done}
	if !j.queue.add(i) {
		done(wire.Ack{Err: wire.ErrUnavailable})
	}
}

// commit stores what is published until the queue is closed and empty. Where the engine gets stuck it is started again,
// and what it had not acknowledged is looked for.
func (j *Journal) commit(ctx context.Context) error {
	var again []*flight // to be stored before what waits in the queue
	for {
		left, err := j.session(again)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errDisk) && !errors.Is(err, errLost) {
			j.options.Log.Warn("the engine is stuck", "err", err, "unacknowledged", len(left))
			left, err = j.rescue(ctx, left)
		}
		if err != nil {
			j.queue.close()
			j.refuse(left, err)
			return err
		}
		again = left
	}
}

// session runs the two halves of storing side by side with one engine: while one group is synced, the next is written. If
// the engine gets stuck it returns what is neither stored nor refused.
func (j *Journal) session(again []*flight) ([]*flight, error) {
	conn := j.engine.Load().write
	acks := make(chan *nats.Msg, 2*(mostFlying+mostGroup))
	inbox := nats.NewInbox()
	sub, err := conn.ChanSubscribe(inbox+".*", acks)
	if err != nil {
		return again, unavailable("store", err)
	}
	defer sub.Unsubscribe()

	w := &writer{journal: j, conn: conn, inbox: inbox + ".", flights: make(chan *flight, mostFlying), stuck: make(chan struct{})}
	go w.run(again)
	left, err := j.settle(w.flights, acks)
	if err != nil {
		close(w.stuck)
		w.conn.Close()
		j.queue.wake()
		for f := range w.flights { // until the writer has ended
			left = append(left, f)
		}
	}
	return left, err
}

// writer sends publications to the engine.
type writer struct {
	journal *Journal
	conn    *nats.Conn
	inbox   string
	flights chan *flight  // what it sent, in order
	stuck   chan struct{} // closed when it must stop
	sent    uint64
	buffer  []byte
}

func (w *writer) run(again []*flight) {
	defer close(w.flights)
	for _, f := range again {
		w.send(f, time.Now())
	}
	var spare []*item
	for {
		items := w.journal.queue.take(spare, w.stuck)
		if len(items) == 0 {
			return
		}
		full := w.journal.disk.full()
		if full == nil {
			full = w.journal.keepsUp(w.stuck)
		}
		now := time.Now()
		for _, i := range items {
			w.send(w.journal.launch(i, full), now)
		}
		clear(items)
		spare = items
	}
}

// send passes a flight on, to the engine as well if it is one to be stored.
func (w *writer) send(f *flight, now time.Time) {
	if f.first == nil && f.err == nil {
		w.sent++
		w.buffer = record{topic: f.Topic, key: f.key, stored: now, line: f.Line}.append(w.buffer[:0])
		m := &nats.Msg{Subject: logSubject + f.Topic, Reply: w.inbox + strconv.FormatUint(w.sent, 36), Data: w.buffer}
		if w.journal.engine.Load().shared {
			m.Header = nats.Header{nats.MsgIdHdr: {f.key.String()}}
		}
		if err := w.conn.PublishMsg(m); err != nil && w.conn.Status() != nats.CLOSED { // a closed one is the engine's fate
			f.err = unavailable("store", err)
		}
	}
	w.flights <- f
}

// launch says what becomes of a publication: it is a repetition, it is refused, or it flies.
func (j *Journal) launch(i *item, full error) *flight {
	f := &flight{item: i}
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq, ok := j.window.seq(i.key); ok {
		f.first = &flight{seq: seq}
		return f
	}
	if first, ok := j.flying[i.key]; ok {
		f.first = first
		return f
	}
	if f.err = full; f.err == nil {
		f.err = j.state.room(i.Topic)
	}
	if f.err == nil {
		j.flying[i.key] = f
	}
	return f
}

// finish answers for a group, in order, and makes room for others.
func (j *Journal) finish(group []*flight, err error) {
	items := make([]*item, len(group))
	j.mu.Lock()
	for n, f := range group {
		items[n] = f.item
		if f.err == nil {
			f.err = err
		}
		if f.first != nil && f.err == nil {
			f.seq, f.err = f.first.seq, f.first.err
		}
		if j.flying[f.key] == f {
			delete(j.flying, f.key)
			if f.err == nil {
				j.window.add(f.key, f.seq)
			}
		}
	}
	j.mu.Unlock()
	for _, f := range group {
		switch {
		case f.err != nil:
			j.stats.refused.Add(1)
			f.done(wire.Ack{Err: f.err})
			continue
		case f.first != nil:
			j.stats.duplicates.Add(1)
		default:
			j.stats.appended.Add(1)
		}
		f.done(wire.Ack{Cursor: j.cursor(f.seq), Duplicate: f.first != nil})
	}
	j.queue.finish(items)
}

// stuck says that an engine that ought to answer does not.
func stuck(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{wire.ErrUnavailable}, args...)...)
}
