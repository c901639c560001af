// What is known of one listener, and where it stands on its way to a verdict.

package live

import (
	"net/netip"
	"time"

	"rtevent"
)

// place is what makes two listeners the same one: never who holds it.
type place struct {
	transport rtevent.Transport
	address   netip.Addr
	port      uint16
	netns     uint64
	room      string // in words, only where there is no number
	device    string
}

func placeOf(l *rtevent.Listener) place {
	p := place{transport: l.Transport, address: l.Address, port: l.Port, netns: l.NetNS, device: l.Device}
	if p.netns == 0 {
		p.room = l.Namespace
	}
	return p
}

// entry is one listener that is there, or is held to be there a moment longer. What its fields point to is never
// written again: events that wait to be told share it.
type entry struct {
	place    place
	listener rtevent.Listener // as it is known now
	told     rtevent.Listener // as it was told last
	holders  []rtevent.Owner  // as the kernel told last, not read yet

	opened     time.Time // zero: before anybody looked
	existing   bool      // it was found by looking
	before     bool      // an earlier run left it open, and it has not been seen yet
	opening    int       // counts how often it has opened here: what was learned of an earlier one is dropped
	identified bool      // it has been told what it speaks
	restarted  bool      // what runs here has started anew, which is yet to be told

	busy    bool // somebody asks it just now
	waits   bool // and it is to be asked or looked at again after that
	again   bool // it was silent as its process had just started: it is asked once more
	retried bool // that has been so once

	waiting [2]*spot // its places in the queues, by queue.kind

	closing *told     // its end, held back
	due     time.Time // until when that or a restart is held back
}

// starts are the processes that hold a listener, as far as they are known: a number and the time of the start.
func starts(holders []rtevent.Owner) []start {
	all := make([]start, 0, len(holders))
	for _, o := range holders {
		if o.PID > 0 {
			all = append(all, start{o.PID, o.Started})
		}
	}
	return all
}

// start is one start of a process. Numbers are given again.
type start struct {
	pid int
	at  time.Time
}

// startSlack is how far two readings of the same start may lie apart: the kernel's clock counts finer than /proc.
const startSlack = 2 * time.Second

func (s start) is(other start) bool {
	return s.pid == other.pid && (s.at.IsZero() || other.at.IsZero() || s.at.Sub(other.at).Abs() <= startSlack)
}
