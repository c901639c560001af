// Keeps the account of sockets and endpoints, and tells what changes: the only place that knows when an endpoint opens,
// closes, or has other holders.

package observe

import (
	"slices"
	"time"

	"rtevent"
)

// ledger knows every socket that takes traffic. Sockets that share an endpoint (a reuseport group, a server that hands
// over to its successor) are one Listener, which opens with the first and closes with the last of them.
type ledger struct {
	tell      func(Change)
	booted    func() time.Time // the moment from which the kernel counts, as a time of day
	sockets   map[uint64]*entry
	endpoints map[endpoint]*group
}

// entry is a socket in the ledger.
type entry struct {
	socket
	group *group
	since uint64 // when it was entered, in ns since boot
}

// group is the sockets of one endpoint.
type group struct {
	sockets []*entry
	told    rtevent.Listener
	holders []holder // of told
}

func newLedger(tell func(Change), booted func() time.Time) *ledger {
	return &ledger{tell: tell, booted: booted, sockets: map[uint64]*entry{}, endpoints: map[endpoint]*group{}}
}

// identity is what a socket has as long as it lives, and no other: its cookie. Where a view does not tell cookies it is
// the inode, marked so that the two never meet.
func (s *socket) identity() uint64 {
	const isInode = 1 << 63
	if s.cookie != 0 {
		return s.cookie
	}
	return s.inode | isInode
}

// when is the moment of a Change, and whether it was found out by looking.
type when struct {
	at       uint64 // ns since boot
	existing bool
}

func (l *ledger) change(kind ChangeKind, listener rtevent.Listener, w when) {
	at := l.booted().Add(time.Duration(w.at))
	l.tell(Change{Kind: kind, Listener: listener, At: at, Existing: w.existing})
}

// open enters a socket, once, and tells what that changes.
func (l *ledger) open(s socket, w when) { l.openAll([]*socket{&s}, w) }

// openAll enters sockets that are found at the same time: those that share an endpoint are told once.
func (l *ledger) openAll(sockets []*socket, w when) {
	touched := map[*group]bool{} // is it new?
	var order []*group
	for _, s := range sockets {
		g, isNew := l.enter(s, w)
		if g == nil {
			continue
		}
		if _, known := touched[g]; !known {
			touched[g] = isNew
			order = append(order, g)
		}
	}
	for _, g := range order {
		if !touched[g] {
			l.review(g, w)
			continue
		}
		g.told, g.holders = g.listener(l.booted()), g.allHolders()
		l.change(Opened, g.told, w)
	}
}

// enter returns the group that the socket has joined, and whether it is the first there; nil when it is entered already.
func (l *ledger) enter(s *socket, w when) (g *group, isNew bool) {
	if l.sockets[s.identity()] != nil {
		return nil, false
	}
	place := s.endpoint()
	g = l.endpoints[place]
	if g == nil {
		g, isNew = &group{}, true
		l.endpoints[place] = g
	}
	one := &entry{socket: *s, group: g, since: w.at}
	g.sockets = append(g.sockets, one)
	l.sockets[s.identity()] = one
	return g, isNew
}

// close strikes a socket out. It is false for one that is not in the ledger.
func (l *ledger) close(identity uint64, w when) bool {
	one := l.sockets[identity]
	if one == nil {
		return false
	}
	delete(l.sockets, identity)
	g := one.group
	if len(g.sockets) == 1 {
		delete(l.endpoints, one.endpoint())
		l.change(Closed, g.told, w)
		return true
	}
	g.sockets = slices.DeleteFunc(g.sockets, func(e *entry) bool { return e == one })
	l.review(g, w)
	return true
}

// fail tells of a socket that the kernel refused.
func (l *ledger) fail(s socket, w when) {
	g := group{sockets: []*entry{{socket: s}}}
	l.change(Failed, g.listener(l.booted()), w)
}

// update takes over what a look at all processes showed of a socket. The group is to be reviewed when all its sockets are
// updated.
func (one *entry) update(s socket) {
	known := one.holders
	one.holders = slices.Clone(s.holders)
	for i := range one.holders {
		one.holders[i].recall(known)
	}
	one.hiddenFrom, one.unseen, one.unit = s.hiddenFrom, s.unseen, s.unit
	if s.asked != choiceUnknown {
		one.asked = s.asked
	}
}

// recall completes a holder by what was captured of the same process.
func (h *holder) recall(known []holder) {
	for _, k := range known {
		if k.pid == h.pid && (h.started == 0 || k.started == h.started) && k.process != nil {
			h.process, h.started, h.unit = k.process, k.started, k.unit
		}
	}
}

// review tells when the holders of an endpoint, or who hides it, are no longer as they were told.
func (l *ledger) review(g *group, w when) {
	before, holders := g.told, g.allHolders()
	after := g.listener(l.booted())
	if sameHolders(g.holders, holders) && slices.Equal(before.HiddenFrom, after.HiddenFrom) && sameUnseen(before, after) {
		return
	}
	g.told, g.holders = after, holders
	l.change(Held, after, w)
}

func (g *group) listener(booted time.Time) rtevent.Listener {
	all := make([]socket, len(g.sockets))
	for i, one := range g.sockets {
		all[i] = one.socket
	}
	return merge(all, booted)[0]
}

// allHolders are the holders of all sockets of a group, each process once.
func (g *group) allHolders() []holder {
	var all []holder
	for _, one := range g.sockets {
		all = append(all, one.holders...)
	}
	slices.SortFunc(all, compareHolders)
	return slices.CompactFunc(all, func(a, b holder) bool { return compareHolders(a, b) == 0 })
}

func compareHolders(a, b holder) int {
	if a.pid != b.pid || a.started == 0 || b.started == 0 || a.started == b.started {
		return a.pid - b.pid
	}
	if a.started < b.started {
		return -1
	}
	return 1
}

func sameHolders(a, b []holder) bool {
	return slices.EqualFunc(a, b, func(x, y holder) bool { return compareHolders(x, y) == 0 })
}

// sameUnseen compares the reasons for which holders are not seen, not how they are worded.
func sameUnseen(a, b rtevent.Listener) bool {
	return len(unseenOf(a)) == len(unseenOf(b))
}

func unseenOf(l rtevent.Listener) (all []rtevent.Owner) {
	for _, o := range l.Holders {
		if o.Unseen != "" {
			all = append(all, o)
		}
	}
	return all
}
