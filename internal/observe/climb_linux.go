// Goes up the ladder again while watching: a kernel that was too busy to load BPF, or lost it, may have time later.

package observe

import (
	"context"
	"time"
)

// The first attempt to use BPF again comes soon, and each one that fails makes the next one twice as late.
const (
	firstClimb = 30 * time.Second
	lastClimb  = time.Hour
)

// climb is when BPF is tried again: the zero time for never.
type climb struct {
	at   time.Time
	wait time.Duration
}

// climbLater has BPF tried again.
func (r *watcher) climbLater() {
	first := firstClimb
	if r.options.Climb > 0 {
		first = r.options.Climb
	}
	r.climb.wait = min(max(first, 2*r.climb.wait), lastClimb)
	r.climb.at = time.Now().Add(r.climb.wait)
}

// climbAgain tries BPF if it is time, and tells whether it works now. What happened meanwhile has been listed from time to
// time, and is looked at once more: the programs are attached first.
func (r *watcher) climbAgain(ctx context.Context) bool {
	if r.tap != nil || r.climb.at.IsZero() || time.Now().Before(r.climb.at) || r.census.running { // a look uses the iterator
		return false
	}
	r.climb.at = time.Time{}
	if r.iterator != nil {
		r.iterator.stop()
		r.iterator = nil
	}
	refused := r.refusals
	r.refusals = nil
	if err := r.openTap(ctx); err != nil {
		r.refusals = refused
		return false
	}
	r.joinGoodbyes()
	r.counts.explained, r.counts.unannounced = true, 0
	r.census.hurry()
	r.cover()
	return true
}
