// Events on their way out: in order, in bounded memory, and never while the state is locked.

package live

import (
	"crypto/rand"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"rtevent"
)

// most is how many events wait at most for whoever reads them, some 20 MB of them in a storm. Beyond it the observer
// waits too.
const most = 1 << 15

// told is an event to be.
type told struct {
	kind string // one of rtevent's types of events
	at   time.Time
	rtevent.ListenerChange
}

// outbox is the queue of events. The lock is the one of the state: what happens and what is told have one order.
type outbox struct {
	waiting []told
	more    sync.Cond // something waits, or nothing will any more
	room    sync.Cond
	closed  bool
}

func (o *outbox) init(mu *sync.Mutex) { o.more.L, o.room.L = mu, mu }

func (o *outbox) add(t told) {
	o.waiting = append(o.waiting, t)
	o.more.Signal()
}

// wait waits for room, unless it is pointless. It lets go of the lock meanwhile.
func (o *outbox) wait(pointless func() bool) {
	for len(o.waiting) >= most && !pointless() {
		o.room.Wait()
	}
}

func (o *outbox) wake() { o.room.Broadcast() }

func (o *outbox) close() {
	o.closed = true
	o.more.Signal()
}

// deliver hands over what waits until the outbox is closed and empty.
func (o *outbox) deliver(t *teller) {
	o.more.L.Lock()
	defer o.more.L.Unlock()
	for {
		for len(o.waiting) == 0 {
			if o.closed {
				return
			}
			o.more.Wait()
		}
		batch := o.waiting
		o.waiting = nil
		o.room.Broadcast()
		o.more.L.Unlock()
		for i := range batch {
			t.tell(batch[i])
			batch[i] = told{} // what was told need not be kept until the last is
		}
		o.more.L.Lock()
	}
}

// teller makes events.
type teller struct {
	host, source string
	emit         func(rtevent.Event)
	settled      func()
	run          string // makes the ids of this run its own
	count        uint64
}

func (l *Live) newTeller(emit func(rtevent.Event)) *teller {
	t := &teller{host: l.host, source: source(l.host), emit: emit, run: rand.Text()[:16]}
	t.settled = func() {
		if l.options.Settled != nil {
			l.options.Settled(l.Coverage())
		}
	}
	return t
}

// source writes the name of a host as a URI reference. Whatever a name should not hold is written as in topics.
func source(host string) string {
	labels := strings.Split(host, ".")
	for i, label := range labels {
		labels[i] = strings.ReplaceAll(rtevent.TopicToken(label), ":", "=3A")
	}
	return "//" + strings.Join(labels, ".")
}

func (t *teller) tell(what told) {
	if what.kind == settled {
		t.settled()
		return
	}
	t.count++
	data, err := json.Marshal(what.ListenerChange)
	if err != nil { // a time that no calendar has
		what.kind, what.ListenerChange = rtevent.ListenerGap, rtevent.ListenerChange{Gap: &rtevent.Gap{
			What: "what happened on " + what.Listener.PortName(), Why: "it cannot be written as JSON: " + err.Error(),
		}}
		data, _ = json.Marshal(what.ListenerChange)
	}
	t.emit(rtevent.Event{
		ID: t.run + "-" + strconv.FormatUint(t.count, 10), Source: t.source, Type: what.kind,
		Topic: t.topic(what), Time: what.at, Data: data,
	})
}

func (t *teller) topic(what told) string {
	switch {
	case what.Listener == nil:
		return "listener." + rtevent.TopicToken(t.host) + ".gap"
	case what.kind == rtevent.ListenerFailed:
		return what.Listener.Topic() + ".failed"
	default:
		return what.Listener.Topic()
	}
}
