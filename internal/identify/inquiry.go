// The inquiry: one port, the ways still to go, and what came of those that went.

package identify

import (
	"context"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/protocol"
)

// never is how timers are set that wait for something else first.
const never = 24 * time.Hour

// inquiry asks one port. Its own goroutine holds all of it; each way runs in another and only sends news.
type inquiry struct {
	asker  *Asker
	target Target
	hints  []hint
	pace   pace

	queue   []way            // still to go, in this order
	asked   map[string]bool  // names of the ways that went
	tried   []string         // the same in order
	further int              // how many of them were further questions
	refused int              // how many were refused after others had been taken
	running map[int]*running // under way
	done    []exchange       // that went
	news    chan news

	secured bool // a handshake was completed: only what is inside counts from there on
	parses  bool // the peer shows that it reads what it is sent
	texts   bool // and that it is text that it understands
	known   bool // a strong reading has named the protocol
	awaits  bool // who was named greets, and the greeting is still to come
	settled bool // there is nothing more to learn
	granted bool // the budget was raised, once

	began  time.Time
	until  time.Time   // when the budget is used up, once somebody accepted
	end    *time.Timer // a moment after that
	next   *time.Timer // when the next way may join those under way
	free   bool        // next has passed, or the last way ended before
	left   time.Time   // when the last connection was closed
	pauses bool        // nobody may go before next has passed
}

// running is a way under way.
type running struct {
	way    way
	stop   context.CancelFunc
	begun  time.Time
	speaks bool // the peer is saying something: nobody joins it
	leaves bool // it was stopped, and what comes next may want to be alone with the peer
}

func newInquiry(a *Asker, t Target, hints []hint) *inquiry {
	q := &inquiry{
		asker: a, target: t, hints: hints,
		pace:    pace{timeout: a.timeout, expectant: expectant(hints)},
		asked:   map[string]bool{},
		running: map[int]*running{},
		news:    make(chan news),
		free:    true,
	}
	if t.Listener.Transport == rtevent.UDP {
		q.pace.rtt = assumedRTT(t.Listener)
		q.queue = planUDP(hints)
	} else {
		q.queue = plan(hints)
	}
	return q
}

// run asks until there is nothing more to learn, nobody left to ask, or no time. All connections are closed when it
// returns.
func (q *inquiry) run(ctx context.Context) {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	q.began = time.Now()
	q.next, q.end = time.NewTimer(never), time.NewTimer(never)
	defer q.next.Stop()
	defer q.end.Stop()

	for !q.settled && ctx.Err() == nil {
		if w, ok := q.choose(); ok {
			q.start(inner, w)
			continue
		}
		if q.waitsInVain() {
			q.stop(named("wait"))
		}
		if len(q.running) == 0 && !q.pauses {
			return
		}
		select {
		case n := <-q.news:
			q.take(n)
		case <-q.next.C:
			q.free, q.pauses = true, false
		case <-q.end.C:
			q.settled = true
		case <-ctx.Done():
		}
	}
	stop()
	for len(q.running) > 0 {
		q.take(<-q.news)
	}
}

// choose takes the next way that may go now.
func (q *inquiry) choose() (way, bool) {
	if !q.mayStart() {
		return way{}, false
	}
	for len(q.queue) > 0 {
		w := q.queue[0]
		if q.held(w) {
			return way{}, false
		}
		q.queue = q.queue[1:]
		if !q.asked[w.name] {
			return w, true
		}
	}
	return q.earn()
}

// held tells whether a way has to wait for the owner: while one whose name leaves no doubt is being asked in its own way and
// has not answered, it is busy, and others' words would only trouble it. After half of the time it may be something else,
// if its programs ever are. Others are held back while a way is to be gone alone.
func (q *inquiry) held(w way) bool {
	if w.alone {
		return len(q.running) > 0 || q.notYet(q.pace.lead()-time.Since(q.left))
	}
	if len(q.hints) == 0 || !q.hints[0].sole || q.owned(w.def) {
		return false
	}
	own := q.hints[0].way().name
	for _, r := range q.running {
		if r.way.name != own || r.speaks {
			continue
		}
		return q.hints[0].def.Only || q.notYet(q.pace.total()/2-time.Since(r.begun))
	}
	return false
}

// notYet tells whether there is a while to wait, and sees to it that the next way is looked at when it is over.
func (q *inquiry) notYet(while time.Duration) bool {
	if while > 0 {
		q.free, q.pauses = false, true
		q.next.Reset(while)
	}
	return while > 0
}

// mayStart tells whether one more connection may be opened now: a moment after the last, and not while the peer is
// saying something.
func (q *inquiry) mayStart() bool {
	most, atOnce := firstWays, q.asker.atOnce
	switch {
	case q.target.Listener.Transport == rtevent.UDP:
		most, atOnce = mostDatagrams, 2*atOnce
	case q.parses:
		most = q.mostWays()
	}
	if !q.free || len(q.running) >= atOnce || len(q.tried) >= most {
		return false
	}
	for _, r := range q.running {
		if r.speaks || r.leaves {
			return false
		}
	}
	return q.until.IsZero() || time.Now().Before(q.until)
}

// mostWays bounds what is tried on a peer that reads what it is sent. An owner whom nothing here knows is most likely
// somebody's own program: to say all there is to say to it would only fill its log.
func (q *inquiry) mostWays() int {
	seen := func(o rtevent.Owner) bool { return o.Unseen == "" && o.Exe != "" && !GoesBetween(o) }
	if slices.ContainsFunc(q.target.Listener.Holders, seen) {
		return moreWays
	}
	return allWays
}

// earn is a further hello for a peer that has shown that it reads what it is sent.
func (q *inquiry) earn() (way, bool) {
	if !q.parses || q.known || q.target.Listener.Transport == rtevent.UDP || q.held(way{}) {
		return way{}, false
	}
	const atOnce = 3
	if len(q.running) >= atOnce {
		q.dismiss()
		q.notYet(q.pace.moment())
		return way{}, false
	}
	for _, d := range earned(q.texts, q.seen()) {
		w := q.layered(hello(d))

		if !q.asked[w.name] {
			return w, true
		}
	}
	return way{}, false
}

// dismiss ends what the peer has let lie for long: all strangers' words, since it has shown that it reacts, and of guesses
// the oldest. It may have no more seats than these take.
func (q *inquiry) dismiss() {
	var oldest *running
	for _, r := range q.running {
		lies := time.Since(r.begun)
		if r.speaks || lies < 2*q.pace.lead() {
			continue
		}
		if r.way.name == "tls" { // which may take a while to get going
			continue
		}
		if r.way.name == "wait" || slices.Contains(protocol.Strangers, strings.TrimPrefix(r.way.name, "tls ")) {
			r.leave()
		} else if lies > 3*q.pace.lead() && (oldest == nil || r.begun.Before(oldest.begun)) {
			oldest = r
		}
	}
	if oldest != nil {
		oldest.leave()
	}
}

func (r *running) leave() {
	r.leaves = true
	r.stop()
}

// waitsInVain tells whether all that is left is to wait for a greeting from a peer that has answered others without one.
func (q *inquiry) waitsInVain() bool {
	if q.awaits || !q.free {
		return false
	}
	for _, r := range q.running {
		if r.way.name != "wait" || r.speaks {
			return false
		}
	}
	return slices.ContainsFunc(q.done, func(x exchange) bool { return x.heard != "" })
}

func (q *inquiry) start(ctx context.Context, w way) {
	ctx, stop := context.WithCancel(ctx)
	id := len(q.tried)
	q.running[id] = &running{way: w, stop: stop, begun: time.Now()}
	q.tried = append(q.tried, w.name)
	q.asked[w.name] = true
	if w.further != nil {
		q.further++
	}
	q.free, q.pauses = false, false
	q.next.Stop() // what it was set for is over
	go q.ask(ctx, id, w, q.pace, q.until)
}

// take hears what one way tells.
func (q *inquiry) take(n news) {
	r := q.running[n.id]
	switch n.what {
	case connected:
		q.accepted(n.rtt)
		q.next.Reset(r.way.lead(q.pace))
	case speaking:
		r.speaks = true
	case secured:
		r.speaks = false
		q.enter(n.way)
	case ended:
		r.stop()
		delete(q.running, n.id)
		q.free, q.left = q.free || n.id == len(q.tried)-1, time.Now()
		q.done = append(q.done, n.done)
		q.learn(n.done)
		q.grant()
	}
}

// grant gives a peer that reads what it is sent, and of which nobody knows who it is, time for all that there is to say.
func (q *inquiry) grant() {
	if !q.parses || q.known || q.granted || q.mostWays() < allWays {
		return
	}
	q.granted = true
	q.extend(q.pace.thorough() - q.pace.total())
}

// extend raises the budget.
func (q *inquiry) extend(more time.Duration) {
	if more > 0 {
		q.until = q.until.Add(more)
		q.end.Reset(time.Until(q.until) + 20*q.pace.settle())
	}
}

// accepted notes that the peer took a connection: from the first one on, the clock runs.
func (q *inquiry) accepted(rtt time.Duration) {
	if q.target.Listener.Transport != rtevent.UDP {
		q.pace = q.pace.after(rtt)
	}
	if q.until.IsZero() {
		q.until = time.Now().Add(q.pace.total())
		q.end.Reset(q.pace.total() + 20*q.pace.settle())
	}
}
