// Whose turn it is: fair among processes, and what has just opened before what was there already.

package live

import "container/list"

// queue is the listeners that wait for a turn. Each waits in it once, and leaves it when it closes. The processes take
// turns, so that one with a hundred thousand listeners delays its own and nobody else's.
type queue struct {
	kind   int // its index in entry.waiting
	most   int // how many listeners of one process are in work at once; 0: no bound
	fresh  ring
	old    ring // what was there before anybody looked
	popped uint
}

// ring is the processes that have something to do, the next one first.
type ring struct {
	lanes map[int]*lane
	next  list.List // of lanes that may go
}

// lane is the listeners of one process.
type lane struct {
	ring *ring
	pid  int
	list list.List
	turn *list.Element // its place in the ring; nil while it may not go
	busy int           // how many of its listeners are in work
}

// spot is where an entry waits.
type spot struct {
	lane *lane
	at   *list.Element
}

func (q *queue) push(e *entry) {
	if e.waiting[q.kind] != nil {
		return
	}
	r := &q.fresh
	if e.existing && !e.identified {
		r = &q.old
	}
	pid := 0
	if len(e.holders) > 0 {
		pid = e.holders[0].PID
	}
	l := r.lanes[pid]
	if l == nil {
		if r.lanes == nil {
			r.lanes = map[int]*lane{}
		}
		l = &lane{ring: r, pid: pid}
		r.lanes[pid] = l
	}
	e.waiting[q.kind] = &spot{l, l.list.PushBack(e)}
	q.settle(l)
}

func (q *queue) remove(e *entry) {
	if s := e.waiting[q.kind]; s != nil {
		s.lane.list.Remove(s.at)
		e.waiting[q.kind] = nil
		q.settle(s.lane)
	}
}

// settle keeps a lane in its ring as long as it may go, and forgets it when nothing is left of it.
func (q *queue) settle(l *lane) {
	may := l.list.Len() > 0 && (q.most == 0 || l.busy < q.most)
	switch {
	case may && l.turn == nil:
		l.turn = l.ring.next.PushBack(l)
	case !may && l.turn != nil:
		l.ring.next.Remove(l.turn)
		l.turn = nil
	}
	if l.list.Len() == 0 && l.busy == 0 {
		delete(l.ring.lanes, l.pid)
	}
}

// pop takes the listener whose turn it is; nil when nobody may go. Whoever takes one gives the lane back with done.
func (q *queue) pop() (*entry, *lane) {
	first, second := &q.fresh, &q.old
	if q.popped++; q.popped%4 == 0 { // what was there already has its share, too
		first, second = second, first
	}
	at := first.next.Front()
	if at == nil {
		at = second.next.Front()
	}
	if at == nil {
		return nil, nil
	}
	l := at.Value.(*lane)
	e := l.list.Front().Value.(*entry)
	l.ring.next.MoveToBack(at)
	l.busy++
	q.remove(e)
	return e, l
}

func (q *queue) done(l *lane) {
	l.busy--
	q.settle(l)
}

// waiting tells whether anybody may go now.
func (q *queue) waiting() bool { return q.fresh.next.Len()+q.old.next.Len() > 0 }
