package deliver

import (
	"errors"
	"sync"
	"time"

	"rtevent/internal/wire"
)

// publisher gathers what the journal says of one talk's events, and says it.
type publisher struct {
	carrier carrier
	metrics *metrics
	slots   chan struct{} // one for each event under way

	mu   sync.Mutex
	acks []acked
	wake chan struct{}

	under    sync.WaitGroup // the events under way
	speaking sync.WaitGroup
	finished sync.Once
}

type acked struct {
	source, id string
	ack        wire.Ack
}

func (s *Server) newPublisher(c carrier) *publisher {
	b := &publisher{carrier: c, metrics: s.metrics, slots: make(chan struct{}, underWay), wake: make(chan struct{}, 1)}
	b.speaking.Go(b.speak)
	return b
}

// publish hands an event to the journal and waits only while too many are under way.
func (b *publisher) publish(log Log, p wire.Publication) {
	b.slots <- struct{}{}
	b.under.Add(1)
	log.Publish(p, func(ack wire.Ack) {
		b.mu.Lock()
		defer b.mu.Unlock() // after it is woken: then finish may close
		b.acks = append(b.acks, acked{p.Source, p.ID, ack})
		select {
		case b.wake <- struct{}{}:
		default:
		}
	})
}

// speak says what the journal said, all that has come together in one write.
func (b *publisher) speak() {
	var out []byte
	for range b.wake {
		b.gather()
		b.mu.Lock()
		acks := b.acks
		b.acks = nil
		b.mu.Unlock()
		out = out[:0]
		for _, a := range acks {
			out = b.line(out, a)
		}
		_ = b.carrier.Say(out) // whoever left does not wait for it
		for range acks {
			<-b.slots
			b.under.Done()
		}
		if cap(out) > chunk {
			out = nil
		}
	}
}

// gather gives further answers a moment to come when more events are under way than are answered.
func (b *publisher) gather() {
	b.mu.Lock()
	more := len(b.slots) > len(b.acks)
	b.mu.Unlock()
	if more {
		time.Sleep(pace / 4)
	}
}

// line adds an answer.
func (b *publisher) line(out []byte, a acked) []byte {
	if a.ack.Err != nil {
		fault := faultOf(a.ack.Err).Of(a.source, a.id)
		b.metrics.refused(fault)
		return append(out, wire.Line(fault.Word("error"))...)
	}
	b.metrics.published.Inc()
	return wire.AppendAck(out, a.source, a.id, a.ack)
}

func ackOf(source, id string, a wire.Ack) wire.Word {
	return wire.Word{RT: "ack", Source: source, ID: id, At: a.Cursor.String(), Duplicate: a.Duplicate}
}

// finish waits until everything is answered, and ends the speaking.
func (b *publisher) finish() {
	b.finished.Do(func() {
		b.under.Wait()
		close(b.wake)
		b.speaking.Wait()
	})
}

// publish takes an event of a talk.
func (t *talk) publish(p wire.Publication) bool {
	if fault := t.mayPublish(p.Topic); fault != nil {
		return t.refuse(fault.Of(p.Source, p.ID))
	}
	if t.publisher == nil {
		t.publisher = t.server.newPublisher(t.carrier)
	}
	if l := t.peer.limiter; l != nil && !l.Allow() {
		return t.refuse(wire.Errorf(wire.TooFast, "more than %d events a second", t.server.Limits.Rate).Of(p.Source, p.ID))
	}
	p.Line = append([]byte(nil), p.Line...) // the line's buffer is used again
	t.publisher.publish(t.server.Log, p)
	return true
}

// mayPublish asks for the rights again when they may have changed.
func (t *talk) mayPublish(topic string) *wire.Error {
	if g := t.server.Access.generation.Load(); !t.known || g != t.generation || t.peer.cert != nil {
		rights, fault := t.server.Access.Of(t.peer)
		if fault != nil {
			return fault
		}
		t.rights, t.generation, t.known = rights, g, true
	}
	return t.rights.MayPublish(topic)
}

// faultOf is an error of the journal, as it is told to a client.
func faultOf(err error) *wire.Error {
	var fault *wire.Error
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.Is(err, wire.ErrFull):
		return wire.Errorf(wire.Full, "%v", wire.ErrFull)
	case errors.Is(err, wire.ErrUnavailable):
		return wire.Errorf(wire.Unavailable, "%v", wire.ErrUnavailable)
	}
	return wire.Errorf(wire.Internal, "the journal failed")
}
