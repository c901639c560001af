// Lists the sockets of our own network namespace again and again, where the kernel does not tell of them by itself.

package observe

import (
	"context"
	"slices"
	"time"
)

// poller is the fast clock. The zero value is ready.
type poller struct {
	due  time.Time
	cost time.Duration // of the last one
}

// poll lists, and enters what differs. Ends that the kernel tells are entered already. Other namespaces are left to the
// slow clock.
func (r *watcher) poll(ctx context.Context) {
	const share = 100
	p := &r.poller
	began := time.Now()
	if began.Before(p.due) || r.census.seeing.tier == "" {
		return
	}
	at := when{at: sinceBoot(), existing: true}
	v := r.listOwn()
	seen := make(map[uint64]bool, len(v.sockets))
	var fresh []*socket
	for i := range v.sockets {
		s := &v.sockets[i]
		seen[s.identity()] = true
		if r.ledger.sockets[s.identity()] == nil && !r.tells(s.transport) {
			fresh = append(fresh, s)
		}
	}
	if v.err == nil && v.partial == nil {
		r.strikeOwn(seen, at)
	}
	if len(fresh) > 0 {
		r.ledger.openAll(r.findHolders(ctx, fresh), at)
	}
	p.cost = time.Since(began)
	p.due = began.Add(r.pollClock() - clockSlack)
	if r.options.Poll == 0 {
		p.due = began.Add(max(r.pollClock(), share*p.cost) - clockSlack)
	}
}

// clockSlack is how much too early a clock may come and still count.
const clockSlack = 5 * time.Millisecond

func (r *watcher) listOwn() visit {
	return visitor{proc: r.proc, diag: r.census.seeing.tier != tierProc}.own(r.rooms.own)
}

// strikeOwn closes what is no longer listed.
func (r *watcher) strikeOwn(seen map[uint64]bool, at when) {
	for identity, one := range r.ledger.sockets {
		if one.room == r.rooms.own && !seen[identity] && one.since < at.at && !r.tells(one.transport) {
			r.close(identity, at)
		}
	}
}

// findHolders looks through all processes for those that hold the sockets. It leaves out what has closed meanwhile.
func (r *watcher) findHolders(ctx context.Context, fresh []*socket) []*socket {
	wanted := map[uint64]bool{}
	for _, s := range fresh {
		wanted[s.inode] = true
	}
	pids, err := r.proc.pids()
	if err != nil {
		pids = nil
	}
	holders := walk{proc: r.proc, wanted: wanted}.run(ctx, tablesOf(pids)).holders
	orphans := 0
	for _, s := range fresh {
		if s.holders = holders[s.inode]; len(s.holders) == 0 {
			orphans++
		}
	}
	if orphans == 0 {
		return fresh
	}
	there := sights(r.listOwn().sockets)
	return slices.DeleteFunc(fresh, func(s *socket) bool {
		if len(s.holders) > 0 {
			return false
		}
		s.unseen, s.unit = r.census.seeing.blind.why(), r.units.of(s.cgroup)
		_, still := there[s.sight()]
		return !still
	})
}
