// Holds one view of the kernel against the other, to find listeners that somebody hides.

package observe

import (
	"context"
	"sync"
)

// comparison is where the views of a room disagree.
type comparison struct {
	absent map[sight]bool // /proc/net does not show it
	extra  []socket       // sock_diag does not list it, or did not the first time
}

// compare reads our own room by /proc/net and holds it against what sock_diag listed. Other rooms are not compared: the
// kernel goes through the connections of all rooms each time, which makes it far dearer than the listing itself. A view
// that cannot be read says nothing.
func (v visitor) compare(r *room, listed []socket) comparison {
	all := comparison{absent: map[sight]bool{}}
	for _, t := range tables {
		mine := make([]socket, 0, len(listed))
		for _, s := range listed {
			if s.transport == t.transport && s.address.Is4() == (t.family == familyIPv4) {
				mine = append(mine, s)
			}
		}
		shown, err := v.readTable(nil, t, "net/", false)
		if err != nil || !v.proc.has("net/"+t.name) {
			continue
		}
		doubt := differ(mine, shown)
		if !doubt.none() && !v.confirm(t, &doubt) {
			continue
		}
		for sight := range doubt.absent {
			all.absent[sight] = true
		}
		for _, s := range doubt.extra {
			s.hiddenFrom = []string{viewDiag}
			all.extra = append(all.extra, s)
		}
		all.extra = append(all.extra, doubt.late...)
	}
	v.complete(r, all.extra)
	return all
}

// confirm looks again at both views in turn. It is false when one of them cannot be read any more.
func (v visitor) confirm(t table, doubt *suspects) bool {
	const times = 2
	d, err := openDiag()
	if err != nil {
		return false
	}
	defer d.close()
	for range times {
		shown, err := v.readTable(nil, t, "net/", true)
		if err != nil {
			return false
		}
		listed, _, err := d.sockets(t)
		if err != nil {
			return false
		}
		doubt.confirm(listed, shown)
	}
	return true
}

// startComparing compares the views of our own room while other work goes on. The function that it returns waits for
// the outcome; it may be called more than once, and must be called once.
func (s *scan) startComparing(own visit) (wait func() comparison) {
	if own.view != viewDiag {
		return func() comparison { return comparison{} }
	}
	done := make(chan comparison, 1)
	go func() { done <- s.visitor.compare(s.atlas.own, own.sockets) }()
	return sync.OnceValue(func() comparison { return <-done })
}

// reconcile marks what a view hides, and adds what only the comparison showed.
func (s *scan) reconcile(ctx context.Context, c comparison) {
	at := map[sight]int{}
	for i := range s.sockets {
		one := &s.sockets[i]
		if one.room != s.atlas.own || len(c.absent)+len(c.extra) == 0 {
			continue
		}
		at[one.sight()] = i
		if c.absent[one.sight()] {
			one.hiddenFrom = append(one.hiddenFrom, viewTables)
		}
	}
	wanted := map[uint64]bool{}
	for _, extra := range c.extra {
		if i, known := at[extra.sight()]; known {
			s.sockets[i].hiddenFrom = append(s.sockets[i].hiddenFrom, extra.hiddenFrom...)
			continue
		}
		s.sockets = append(s.sockets, extra)
		wanted[extra.inode] = true
	}
	if len(wanted) > 0 {
		s.take(walk{proc: s.proc, wanted: wanted}.run(ctx, tablesOf(s.pids)))
	}
}
