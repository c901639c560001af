// Counts what was missed, and tells it.

package observe

import (
	"fmt"
	"strings"
	"time"

	"rtevent"
)

// counts are what is known to have been missed, as far as it has been told.
type counts struct {
	dropped, overflowed uint64

	// skipped counts how often the kernel did not run the TCP program, because it was in the middle of it on the same
	// processor. What interrupts a listen() or a close() there is a packet, so what was skipped is a connection that
	// nobody wants to hear of; that is certain only as long as the kernel keeps processes from interrupting it too.
	skipped uint64

	// explained says that openings may be found that were not told, and why is told. Unannounced counts the looks in
	// a row that found some without that.
	explained   bool
	unannounced int

	// passing counts the sockets that came and went between two listings, and may have been listeners.
	passing uint64
}

// countLost tells what was missed since it was last asked, and has everything looked at anew.
func (r *watcher) countLost() {
	var dropped, skipped uint64
	if r.tap != nil {
		dropped, skipped = r.tap.lost()
	}
	overflowed := r.backlog.overflowed()
	c := &r.counts
	var reasons []string
	if n := dropped - c.dropped; n > 0 {
		reasons = append(reasons, counted(int(n), "event")+" found no room in the ring of BPF, because we did not read it in time")
	}
	if n := overflowed - c.overflowed; n > 0 {
		reasons = append(reasons, counted(int(n), "event")+" found no room in memory, because what was told before was not taken in time")
	}
	missed := dropped - c.dropped + overflowed - c.overflowed
	c.dropped, c.overflowed = dropped, overflowed
	if skipped != c.skipped {
		c.skipped = skipped
		r.census.hurryForHolders()
		r.cover()
	}
	if missed > 0 {
		r.lose(fmt.Sprintf("up to %s", counted(int(missed), "change")), strings.Join(reasons, "; "), missed)
	}
}

// lose tells that something was missed, and has everything looked at.
func (r *watcher) lose(what, why string, missed uint64) {
	r.watch.mu.Lock()
	r.watch.coverage.Dropped += missed
	r.watch.mu.Unlock()
	r.census.hurry()
	r.counts.explained = true
	r.ledger.tell(Change{Kind: Lost, At: time.Now(), Gap: &rtevent.Gap{What: what, Why: why, Remedy: "none needed: what there is now is looked at again"}})
}
