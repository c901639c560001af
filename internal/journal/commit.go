// Storing: whatever waits goes to the engine together, is synced once, becomes visible and is acknowledged.

package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

const (
	queueBytes = 32 << 20        // of publications that wait or are being stored
	mostFlying = 16384           // publications that the engine has not acknowledged
	mostGroup  = 4096            // acknowledged together
	engineAck  = 5 * time.Second // after which the engine is taken to be stuck
)

// flight is a publication between the queue and its acknowledgement.
type flight struct {
	*item
	first *flight // the same event, stored or being stored before it
	seq   uint64
	err   error
}

// Publish stores an event once and then calls done with its cursor: when it is as durable as promised, in the order of
// numbers, from a goroutine of the journal, which it must not block. Publish itself blocks while too much waits.
func (j *Journal) Publish(p wire.Publication, done func(wire.Ack)) {
	i := &item{Publication: p, key: keyOf(p.Source, p.ID), done: done}
	if !j.queue.add(i) {
		done(wire.Ack{Err: wire.ErrUnavailable})
	}
}

// commit runs the two halves of storing side by side: while one group is synced, the next is written.
func (j *Journal) commit(ctx context.Context) error {
	acks := make(chan *nats.Msg, 2*mostFlying)
	inbox := nats.NewInbox()
	sub, err := j.engine.write.ChanSubscribe(inbox+".*", acks)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer sub.Unsubscribe()

	flights := make(chan *flight, mostFlying)
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer close(flights)
		j.write(inbox+".", flights)
	}()
	err = j.settle(flights, acks)
	if err != nil {
		j.queue.close()
		for f := range flights { // the writer ends once nothing waits
			j.finish([]*flight{f}, err)
		}
	}
	<-written
	return err
}

// write sends whatever waits to the engine until the queue is closed and empty.
func (j *Journal) write(inbox string, flights chan<- *flight) {
	var spare []*item
	var buffer, reply []byte
	var sent uint64
	for {
		items := j.queue.take(spare)
		if len(items) == 0 {
			return
		}
		full := j.disk.full()
		for _, i := range items {
			f := j.launch(i, full)
			if f.first == nil && f.err == nil {
				sent++
				buffer = record{i.Topic, i.key, i.Line}.append(buffer[:0])
				reply = strconv.AppendUint(append(reply[:0], inbox...), sent, 36)
				f.err = j.engine.write.PublishMsg(&nats.Msg{Subject: logSubject + i.Topic, Reply: string(reply), Data: buffer})
			}
			flights <- f
		}
		clear(items)
		spare = items
	}
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

// settle takes flights in their order as the engine acknowledges them, group by group.
func (j *Journal) settle(flights <-chan *flight, acks <-chan *nats.Msg) error {
	var group []*flight
	var head *flight // it left the queue and is not acknowledged
	for {
		group = group[:0]
		for len(group) < mostGroup {
			if head == nil {
				head = receive(flights, len(group) == 0)
			}
			if head == nil {
				break
			}
			if head.first == nil && head.err == nil {
				ack, err := await(acks, len(group) == 0)
				if err != nil {
					return err
				} else if ack == nil {
					break
				}
				head.seq, head.err = parseAck(ack.Data)
			}
			group, head = append(group, head), nil
		}
		if len(group) == 0 {
			return nil
		}
		if err := j.disk.settle(); err != nil {
			j.finish(group, err)
			return err
		}
		j.show(group)
		j.finish(group, nil)
	}
}

// receive returns the next flight, if need be after waiting for it; nil when there is none.
func receive(flights <-chan *flight, wait bool) *flight {
	if wait {
		return <-flights
	}
	select {
	case f := <-flights:
		return f
	default:
		return nil
	}
}

var errStuck = fmt.Errorf("the engine has not acknowledged anything for %v: %w", engineAck, wire.ErrUnavailable)

// await returns the next acknowledgement, if need be after waiting for it; nil when there is none.
func await(acks <-chan *nats.Msg, wait bool) (*nats.Msg, error) {
	select {
	case ack := <-acks:
		return ack, nil
	default:
		if !wait {
			return nil, nil
		}
	}
	patience := time.NewTimer(engineAck)
	defer patience.Stop()
	select {
	case ack := <-acks:
		return ack, nil
	case <-patience.C:
		return nil, errStuck
	}
}

// show makes stored events visible.
func (j *Journal) show(group []*flight) {
	lines := make([]tail.Line, 0, len(group))
	for _, f := range group {
		if f.first == nil && f.err == nil {
			lines = append(lines, tail.Line{Seq: f.seq, Topic: f.Topic, Bytes: wire.Stamp(f.Line, j.cursor(f.seq))})
		}
	}
	if len(lines) == 0 {
		return
	}
	j.state.putAll(lines)
	j.newest.Store(lines[len(lines)-1].Seq)
	j.tail.Append(lines...)
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
		if f.first == nil {
			delete(j.flying, f.key)
			if f.err == nil {
				j.window.add(f.key, f.seq)
			}
		} else if f.err == nil {
			f.seq, f.err = f.first.seq, f.first.err
		}
	}
	j.mu.Unlock()
	for _, f := range group {
		if f.err != nil {
			f.done(wire.Ack{Err: f.err})
			continue
		}
		f.done(wire.Ack{Cursor: j.cursor(f.seq), Duplicate: f.first != nil})
	}
	j.queue.finish(items)
}

// parseAck reads {"stream":"RTEVENT_LOG", "seq":17}, or why there is no number.
func parseAck(b []byte) (uint64, error) {
	text := string(b)
	if i := strings.Index(text, `"seq":`); i >= 0 && !strings.Contains(text, `"error"`) {
		digits := text[i+len(`"seq":`):]
		if end := strings.IndexAny(digits, ",} "); end > 0 {
			digits = digits[:end]
		}
		if seq, err := strconv.ParseUint(digits, 10, 64); err == nil && seq > 0 {
			return seq, nil
		}
	}
	return 0, fmt.Errorf("the engine says %.200q: %w", text, errors.Join(wire.ErrUnavailable))
}
