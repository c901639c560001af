// Looks at the whole host on a slow clock, and holds that against the ledger: what was there before, what was missed, who
// holds what by now.

package observe

import (
	"context"
	"slices"
	"time"

	"rtevent"
)

// looked is what one look at the whole host found.
type looked struct {
	*scan
	began, ended uint64 // ns since boot
	err          error
}

func (l *looked) took() time.Duration { return time.Duration(l.ended - l.began) }

// census is the slow clock. The zero value is ready.
type census struct {
	done    chan *looked // has a look that has ended
	running bool
	result  *looked // waits until everything that happened before it is told

	// gone are the sockets that ended since the look began.
	gone map[uint64]bool

	due     time.Time
	cost    time.Duration // of the last one
	settled bool          // the first one is judged
	again   bool          // one more is to come soon because something opened
	seeing  seeing
}

// seeing is how well the last look saw.
type seeing struct {
	tier, why string
	visited   int
	gaps      []rtevent.Gap
	blind     blindness
}

// look looks at the whole host.
func (r *watcher) look(ctx context.Context) *looked {
	l := &looked{scan: newScan(r.options, r.proc), began: sinceBoot()}
	l.lent = r.iterator
	if l.err = l.prepare(); l.err == nil {
		l.err = l.run(ctx)
	}
	if l.atlas != nil {
		l.leave(l.atlas.foreign())
	}
	l.complete()
	if r.iterator != nil && r.iterator.failed { // the next look chooses anew how to find holders
		r.iterator.stop()
		r.iterator = nil
	}
	l.ended = sinceBoot()
	return l
}

// slowClock is how often the host is looked at when nothing hurries: never so often that it costs more than a thousandth of
// a processor, of which a look may use two.
func (r *watcher) slowClock() time.Duration {
	const share = 2000
	clock := r.options.Reconcile
	switch {
	case clock > 0:
		return clock
	case r.tap == nil:
		clock = blindReconcile
	default:
		clock = defaultReconcile
	}
	return max(clock, share*r.census.cost)
}

// hurry has the host looked at soon.
func (c *census) hurry() { c.due = time.Time{} }

// hurryForHolders has the host looked at a second from now, and once more later: who opens a socket often hands it on to
// others, and nobody tells of that.
func (c *census) hurryForHolders() {
	const soon = time.Second
	if at := time.Now().Add(max(soon, shareInHaste*c.cost)); at.Before(c.due) {
		c.due, c.again = at, true
	}
}

// shareInHaste bounds how much of the time looking takes while much happens: a hundredth.
const shareInHaste = 100

// settle says that the first look is judged.
func (c *census) settle(next time.Duration) { c.settled, c.due = true, time.Now().Add(next) }

// ended remembers a socket that ended while a look is under way.
func (c *census) ended(identity uint64) {
	if c.gone != nil {
		c.gone[identity] = true
	}
}

// lookIfDue begins to look, in a goroutine of its own.
func (r *watcher) lookIfDue(ctx context.Context) {
	c := &r.census
	if c.running || c.result != nil || time.Now().Before(c.due) {
		return
	}
	c.running, c.gone = true, map[uint64]bool{}
	if c.done == nil {
		c.done = make(chan *looked, 1)
	}
	c.due = time.Now().Add(r.slowClock())
	if c.again {
		const later = 5 * time.Second
		c.again = false
		c.due = time.Now().Add(min(r.slowClock(), max(later, shareInHaste*c.cost)))
	}
	go func() { c.done <- r.look(ctx) }()
}

func (c *census) finish(l *looked) {
	c.running, c.result = false, l
}

// wait waits for a look that is under way.
func (c *census) wait() {
	if c.running {
		<-c.done
	}
}

// judgeIfCaughtUp judges a look once all that happened before its end is told, or has no prospect of being so.
func (r *watcher) judgeIfCaughtUp(idle bool) {
	const longEnough = 2 * time.Second
	c := &r.census
	if c.result == nil {
		return
	}
	current := idle && (r.tap == nil || r.tap.drained())
	late := time.Duration(sinceBoot()-c.result.ended) > longEnough
	if !current && !late {
		return
	}
	l := c.result
	c.result = nil
	if l.err == nil {
		r.countLost()
		r.counts.explained = r.counts.explained || !current
		r.judge(l)
		r.counts.explained = false
		r.cover()
	}
	c.gone = nil
}

// judge holds a look against the ledger.
func (r *watcher) judge(l *looked) {
	c, began := &r.census, time.Now()
	defer func() { c.cost = l.took() + time.Since(began) }()
	c.seeing = seeing{l.tier, l.why, l.visited, l.gaps, l.blind}
	at := when{at: l.ended, existing: true}
	seen, fresh := r.match(l)
	if c.settled {
		r.mistrust(fresh)
	}
	r.ledger.openAll(fresh, at)
	for _, s := range fresh {
		if s.transport == rtevent.UDP && s.asked != choiceProgram && r.tells(rtevent.UDP) {
			r.tap.follow(s.cookie)
		}
	}
	r.strike(l, seen, at)
	r.forgetRooms()
}

// match finds the sockets of a look in the ledger and updates them. It returns who was seen, and who is not entered.
func (r *watcher) match(l *looked) (seen map[uint64]bool, fresh []*socket) {
	seen = make(map[uint64]bool, len(l.sockets))
	dirty := map[*group]bool{}
	byInode := r.byInode(l)
	for i := range l.sockets {
		s := &l.sockets[i]
		s.room = r.rooms.adopt(s.room)
		r.rooms.lead(s.room, s.holders)
		identity := s.identity()
		if s.cookie == 0 {
			if known, ok := byInode[s.inode]; ok {
				identity = known
			}
		}
		seen[identity] = true
		one := r.ledger.sockets[identity]
		switch {
		case one == nil && !r.census.gone[identity]:
			fresh = append(fresh, s)
		case one != nil && one.since <= l.began:
			one.update(*s)
			dirty[one.group] = true
		}
	}
	for g := range dirty {
		r.ledger.review(g, when{at: l.ended, existing: true})
	}
	return seen, fresh
}

// byInode finds the sockets of the ledger for a view that does not tell cookies.
func (r *watcher) byInode(l *looked) map[uint64]uint64 {
	if !slices.ContainsFunc(l.sockets, func(s socket) bool { return s.cookie == 0 }) {
		return nil
	}
	all := make(map[uint64]uint64, len(r.ledger.sockets))
	for identity, one := range r.ledger.sockets {
		if one.inode != 0 {
			all[one.inode] = identity
		}
	}
	return all
}

// strike closes what a look ought to have seen and did not.
func (r *watcher) strike(l *looked, seen map[uint64]bool, at when) {
	readable := map[*room]bool{}
	for _, found := range append(l.atlas.foreign(), l.atlas.own) {
		readable[r.rooms.adopt(found)] = found.view != "" && !l.unsure[found]
	}
	explored := l.proc.fd >= 0 && (l.blind.iterated || r.tap == nil)
	for identity, one := range r.ledger.sockets {
		whole, there := readable[one.room]
		switch {
		case seen[identity] || one.since > l.began || !whole && (there || !explored):
		case r.lives(one):
			one.hiddenFrom = viewsOf(one.room)
			r.ledger.review(one.group, at)
		default:
			r.ledger.close(identity, at)
		}
	}
}

// lives tells whether a socket that no view of the kernel shows is there all the same: whoever hides it hides it from
// everything that lists, but its own memory tells.
func (r *watcher) lives(one *entry) bool {
	if one.sock == 0 || r.tap == nil {
		return false
	}
	seen, can := r.tap.look(&happening{sock: one.sock, cookie: one.cookie})
	if !can || !seen.there || seen.port != one.port {
		return false
	}
	if one.transport == rtevent.TCP {
		return seen.state == stateListen
	}
	return seen.state == stateUnconnected
}

// viewsOf are the views that ought to show a socket in a room.
func viewsOf(r *room) []string {
	if r.view == viewTables {
		return []string{viewTables}
	}
	return []string{viewTables, viewDiag}
}

func (r *watcher) forgetRooms() {
	used := map[*room]bool{}
	for _, one := range r.ledger.sockets {
		used[one.room] = true
	}
	r.rooms.forget(used)
}
