package client

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/wire"
)

// underWay is how many events may be unacknowledged before PublishAsync waits.
const underWay = 1024

// Ack is a server's promise that it has stored an event.
type Ack struct {
	Cursor    rtevent.Cursor
	Duplicate bool // it had been stored before; Cursor is the first one's
}

// Pending is an event on its way.
type Pending struct {
	key  eventKey
	line []byte
	done chan struct{} // closed with the answer

	ack     Ack
	err     error
	settled bool // guarded by the publisher's lock
}

// Wait waits for the answer. Ending ctx ends the waiting, not the publishing.
func (p *Pending) Wait(ctx context.Context) (Ack, error) {
	select {
	case <-p.done:
		return p.ack, p.err
	case <-ctx.Done():
		return Ack{}, ctx.Err()
	}
}

// Done is closed when the answer is there: then Wait does not wait.
func (p *Pending) Done() <-chan struct{} { return p.done }

func (p *Pending) settle(ack Ack, err error) {
	p.ack, p.err, p.settled = ack, err, true
	close(p.done)
}

// Publish stores an event and returns when it is stored. An event without an id is given one; one without a source has
// that of the Options. Repeating an event does no harm. The error is an *Error when the server refused the event.
func (c *Client) Publish(ctx context.Context, e rtevent.Event) (Ack, error) {
	p, err := c.PublishAsync(ctx, e)
	if err != nil {
		return Ack{}, err
	}
	return p.Wait(ctx)
}

// PublishBatch publishes events together, in order, and returns when all are answered. The acks are in the order of the
// events; that of an event that was refused is zero. The errors are joined.
func (c *Client) PublishBatch(ctx context.Context, events []rtevent.Event) ([]Ack, error) {
	pendings := make([]*Pending, len(events))
	acks := make([]Ack, len(events))
	var errs []error
	for i, e := range events {
		var err error
		if pendings[i], err = c.PublishAsync(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("event %d: %w", i, err))
		}
	}
	for i, p := range pendings {
		if p == nil {
			continue
		}
		var err error
		if acks[i], err = p.Wait(ctx); err != nil {
			errs = append(errs, fmt.Errorf("event %d: %w", i, err))
		}
	}
	return acks, errors.Join(errs...)
}

// PublishAsync sends an event without waiting for the answer. It waits while 1024 are unanswered.
func (c *Client) PublishAsync(ctx context.Context, e rtevent.Event) (*Pending, error) {
	if e.ID == "" {
		e.ID = rand.Text()
	}
	if e.Source == "" {
		e.Source = c.options.Source
	}
	line, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return c.PublishLine(ctx, line)
}

// PublishLine is PublishAsync of an event that is JSON already: one object, with an id and a source.
func (c *Client) PublishLine(ctx context.Context, line []byte) (*Pending, error) {
	e, fault := wire.ReadEvent(line)
	if fault != nil {
		return nil, errorOf(fault.Word("error"))
	}
	p := &Pending{key: eventKey{e.Source, e.ID}, line: append(e.Line[:len(e.Line):len(e.Line)], '\n'), done: make(chan struct{})}
	if most := c.Server().MaxLine; most > 0 && len(p.line) > most { // the server would close the connection, under the others' feet
		return nil, errorOf(wire.Errorf(wire.TooLong, "an event may have %d bytes", most-1).Word("error"))
	}
	b, err := c.publishing()
	if err != nil {
		return nil, err
	}
	return p, b.send(ctx, p)
}

func (c *Client) publishing() (*publisher, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	if c.publisher == nil {
		c.publisher = newPublisher(c)
	}
	return c.publisher, nil
}

type eventKey struct{ source, id string }

// publisher keeps a connection for publishing. What is unanswered when it breaks is sent again over the next.
type publisher struct {
	client *Client
	slots  chan struct{} // one for each unanswered event
	queue  chan *Pending
	closed <-chan struct{}
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu    sync.Mutex
	order []*Pending              // what was sent and is unanswered, in the order sent; answered ones may be among them
	byKey map[eventKey][]*Pending // of those
}

func newPublisher(c *Client) *publisher {
	ctx, cancel := context.WithCancel(context.Background())
	b := &publisher{client: c, slots: make(chan struct{}, underWay), queue: make(chan *Pending, underWay), closed: ctx.Done(), cancel: cancel, byKey: map[eventKey][]*Pending{}}
	b.ended.Go(func() { b.run(ctx) })
	return b
}

func (b *publisher) send(ctx context.Context, p *Pending) error {
	select {
	case b.slots <- struct{}{}:
		b.queue <- p // as long as the slots
	case <-b.closed:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-b.closed: // run may have looked at the queue for the last time
		b.failAll(net.ErrClosed)
	default:
	}
	return nil
}

func (b *publisher) close() {
	b.cancel()
	b.ended.Wait()
}

// run keeps a connection while there is something to send. An error that is for good fails what waits.
func (b *publisher) run(ctx context.Context) {
	for fails := 0; ; fails++ {
		err := b.once(ctx, &fails)
		if ctx.Err() != nil {
			b.failAll(net.ErrClosed)
			return
		}
		if final(err) {
			b.failAll(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(backoff(b.client.options.Backoff, fails)):
		}
	}
}

// once publishes over one connection, which is opened when there is something to publish.
func (b *publisher) once(ctx context.Context, fails *int) error {
	var first *Pending
	if b.unanswered() == 0 {
		select {
		case first = <-b.queue:
			b.remember(first)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	conn, err := b.client.connect(ctx)
	if err != nil {
		return err
	}
	*fails = 0
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	broken := make(chan error, 1)
	go func() { broken <- b.hear(conn) }()
	err = b.speak(ctx, conn, broken)
	conn.Close()
	if err == nil {
		return <-broken
	}
	<-broken
	return err
}

// speak sends what is unanswered, and then what comes. It returns nil when hearing ended, whose error tells why.
func (b *publisher) speak(ctx context.Context, conn *conn, broken chan error) error {
	w := bufio.NewWriterSize(conn, 64<<10)
	for _, p := range b.again() {
		if _, err := w.Write(p.line); err != nil {
			return err
		}
	}
	for {
		if len(b.queue) == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		select {
		case p := <-b.queue:
			b.remember(p)
			if _, err := w.Write(p.line); err != nil {
				return err
			}
		case err := <-broken:
			broken <- err
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hear takes the answers.
func (b *publisher) hear(conn *conn) error {
	for {
		line, err := conn.next()
		if err != nil {
			return err
		}
		var w wire.Word
		if err := conn.read(line, &w); err != nil {
			return err
		}
		switch {
		case w.RT == "ack":
			b.answer(eventKey{w.Source, w.ID}, Ack{Cursor: cursor(w.At), Duplicate: w.Duplicate}, nil)
		case w.RT == "error" && w.ID != "":
			b.answer(eventKey{w.Source, w.ID}, Ack{}, errorOf(w))
		case w.RT == "error", w.RT == "bye":
			return errorOf(w)
		}
	}
}

func (b *publisher) remember(p *Pending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = append(b.order, p)
	b.byKey[p.key] = append(b.byKey[p.key], p)
}

func (b *publisher) unanswered() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.byKey)
}

// again is what was sent and is unanswered.
func (b *publisher) again() []*Pending {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget()
	return append([]*Pending(nil), b.order...)
}

// forget takes the answered ones out of the order. The publisher is locked.
func (b *publisher) forget() {
	kept := b.order[:0]
	for _, p := range b.order {
		if !p.settled {
			kept = append(kept, p)
		}
	}
	clear(b.order[len(kept):])
	b.order = kept
}

// answer settles the oldest of the key. Answers that nobody waits for are of what was sent twice.
func (b *publisher) answer(key eventKey, ack Ack, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	waiting := b.byKey[key]
	if len(waiting) == 0 {
		return
	}
	if waiting[0].settle(ack, err); len(waiting) == 1 {
		delete(b.byKey, key)
	} else {
		b.byKey[key] = waiting[1:]
	}
	<-b.slots
	if len(b.order) >= 2*underWay {
		b.forget()
	}
}

// failAll fails everything that waits.
func (b *publisher) failAll(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget()
	for _, p := range b.order {
		p.settle(Ack{}, err)
		<-b.slots
	}
	b.order, b.byKey = nil, map[eventKey][]*Pending{}
	for {
		select {
		case p := <-b.queue:
			p.settle(Ack{}, err)
			<-b.slots
		default:
			return
		}
	}
}
