// Goes down the ladder while watching: what BPF no longer tells is found by listing.

package observe

import (
	"errors"

	"rtevent"
)

var (
	errSilent   = errors.New("BPF does not tell any more of sockets that open")
	errDetached = errors.New("somebody detached the BPF programs from the cgroup")
)

const (
	remedyForFall = "start rtevent anew"
	remedyIsTime  = "none needed: BPF is tried again from time to time"
)

// fallBack goes on without what has broken.
func (r *watcher) fallBack(b breakage) {
	switch {
	case b.ofTap:
		r.dropTap(b.err)
	case r.goodbyes != nil:
		r.goodbyes.Close()
		r.goodbyes = nil
		r.refuse("ends of sockets", b.err, remedyForFall)
		r.cover()
	}
}

// dropTap goes on without BPF.
func (r *watcher) dropTap(why error) {
	if r.tap == nil {
		return
	}
	r.tap.Close()
	r.tap = nil
	r.climbLater()
	r.refuse("events by BPF", why, remedyIsTime)
	r.joinGoodbyes()
	r.lose("what happened since BPF fell silent", why.Error(), 0)
	r.cover()
}

// dropUDP goes on without the hooks of the cgroup, which whoever may attach programs there may also take away.
func (r *watcher) dropUDP() {
	for _, attached := range r.tap.udp {
		attached.Close()
	}
	r.tap.udp = nil
	r.refuse("UDP events by BPF", errDetached, remedyForFall)
	r.joinGoodbyes()
	r.lose("what UDP sockets did since", errDetached.Error(), 0)
	r.cover()
}

// mistrust tells of the openings that were found and that BPF should have told. When that happens again, BPF does not
// work any more, whatever it says.
func (r *watcher) mistrust(fresh []*socket) {
	const tooOften = 2
	missed := 0
	for _, s := range fresh {
		if s.transport == rtevent.TCP && len(s.hiddenFrom) == 0 {
			missed++
		}
	}
	c := &r.counts
	switch {
	case missed == 0 || !r.tells(rtevent.TCP):
		c.unannounced = 0
		return
	case c.explained:
		return
	}
	c.unannounced++
	r.lose("the opening of "+counted(missed, "TCP listener"), "BPF did not tell of it as it happened", uint64(missed))
	if c.unannounced >= tooOften {
		r.dropTap(errSilent)
	}
}
