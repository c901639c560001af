// Watches a Linux host: joins what the kernel tells as it happens with what looking finds.

package observe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// watcher is one run of a Watch. One goroutine owns it and tells all Changes. Others only fill the backlog and look at the
// host, so that nothing that happens waits for anything slow.
type watcher struct {
	watch   *Watch
	options Options
	proc    *procfs
	mounts  []mount
	rooms   *registry
	units   *units

	backlog *backlog
	confirm *confirmer
	ledger  *ledger

	// What tells: nil where it does not work. The reasons for that are told in Coverage.
	tap      *tap
	goodbyes *goodbyes
	iterator *iterator
	refusals []rtevent.Gap
	telling  sync.WaitGroup
	broken   chan breakage

	census census
	poller poller
	counts counts
	climb  climb
}

// breakage is the end of something that told.
type breakage struct {
	err   error
	ofTap bool
}

func (w *Watch) run(ctx context.Context, each func(Change)) error {
	proc, err := openProc(w.options.Root)
	if err != nil {
		return err
	}
	defer proc.close()
	if proc.recorded {
		return fmt.Errorf("%s is a recording, in which nothing happens: %w", proc.path, errors.ErrUnsupported)
	}
	r := newWatcher(w, proc, each)
	defer r.end()
	if err := r.begin(ctx); err != nil {
		return err
	}
	first := r.look(ctx)
	if first.err != nil {
		return first.err
	}
	w.reachBy(r)
	defer w.reachBy(nil)
	r.judge(first)
	r.census.settle(r.slowClock())
	r.cover()
	each(Change{Kind: Settled, At: time.Now()})
	return r.follow(ctx)
}

func newWatcher(w *Watch, proc *procfs, each func(Change)) *watcher {
	r := &watcher{
		watch:   w,
		options: w.options,
		proc:    proc,
		rooms:   newRegistry(proc),
		backlog: newBacklog(w.options.Backlog),
		ledger:  newLedger(each, steadily(booted)),
		broken:  make(chan breakage, 4), // each reader breaks once, and there are not more of them in a run
	}
	if mountinfo, err := proc.read("self/mountinfo", 64<<20); err == nil {
		r.mounts = parseMounts(mountinfo, "nsfs", "proc", "cgroup2")
	}
	r.units = newUnits(r.mounts)
	r.confirm = newConfirmer(r.lookAt)
	return r
}

// begin opens what tells, the best that works here, and begins to listen to it.
func (r *watcher) begin(ctx context.Context) error {
	err := r.openTap(ctx)
	if err != nil && (ctx.Err() != nil || r.options.Tier == tierBPF) {
		return err
	}
	r.joinGoodbyes()
	return nil
}

// openTap takes BPF into use where that is allowed and works.
func (r *watcher) openTap(ctx context.Context) error {
	if r.options.Tier != "" && r.options.Tier != tierBPF {
		return r.refuse("events by BPF", errors.New("another tier was asked for"), "")
	}
	if powers := r.proc.powers(); r.options.Tier == "" && (!powers.bpf || !powers.hostPIDs) {
		return r.refuse("events by BPF", errors.New(powers.whyNoBPF()), "run as root, or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN")
	}
	opened, err := openTap(ctx, r.options.BPFTimeout, rootOfCgroups(r.mounts), r.options.Ring)
	if err != nil {
		remedy := ""
		if errors.Is(err, errHung) { // it was busy; missing rights and an old kernel stay as they are
			r.climbLater()
			remedy = remedyIsTime
		}
		return r.refuse("events by BPF", err, remedy)
	}
	r.tap = opened
	if opened.tcpErr != nil {
		r.refuse("TCP events by BPF", opened.tcpErr, "")
	}
	if opened.udpErr != nil {
		r.refuse("UDP events by BPF", opened.udpErr, remedyForUDP(opened.udpErr))
	}
	r.counts.dropped, r.counts.skipped = opened.lost()
	r.iterator = startIterator(r.options.BPFTimeout)
	r.hear(true, func() error { return opened.read(r.backlog) })
	return nil
}

func remedyForUDP(err error) string {
	switch {
	case errors.Is(err, errNoCgroup):
		return "mount -t cgroup2 none DIRECTORY"
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return "run as root, or with CAP_NET_ADMIN"
	}
	return ""
}

// joinGoodbyes has the kernel tell at least of the ends of sockets, where BPF does not.
func (r *watcher) joinGoodbyes() {
	if r.goodbyes != nil {
		r.goodbyes.Close()
		r.goodbyes = nil
	}
	var groups []int
	if !r.tells(rtevent.TCP) {
		groups = append(groups, groupTCPDestroy, groupTCP6Destroy)
	}
	if !r.tells(rtevent.UDP) {
		groups = append(groups, groupUDPDestroy, groupUDP6Destroy)
	}
	if len(groups) == 0 || r.options.Tier == tierProc {
		return
	}
	joined, err := joinGoodbyes(groups...)
	if err != nil {
		r.refuse("ends of sockets", err, "")
		return
	}
	r.goodbyes = joined
	r.hear(false, func() error { return joined.read(r.backlog) })
}

// hear runs a reader until it ends.
func (r *watcher) hear(ofTap bool, read func() error) {
	r.telling.Go(func() {
		if err := read(); err != nil {
			r.broken <- breakage{err, ofTap}
		}
	})
}

// refuse notes down what does not work here, and returns the error.
func (r *watcher) refuse(what string, err error, remedy string) error {
	r.refusals = append(r.refusals, rtevent.Gap{What: what, Why: err.Error(), Remedy: remedy})
	return err
}

// tells says whether BPF tells of a transport.
func (r *watcher) tells(t rtevent.Transport) bool {
	if r.tap == nil {
		return false
	}
	if t == rtevent.TCP {
		return r.tap.tcp != nil
	}
	return len(r.tap.udp) > 0
}

// lookAt looks at the socket of a happening. Of a connect() only the cookie is told.
func (r *watcher) lookAt(h *happening) (sighting, bool) {
	if r.tap == nil {
		return sighting{}, false
	}
	if h.sock == 0 {
		if one := r.ledger.sockets[h.cookie]; one != nil {
			h.sock = one.sock
		}
	}
	return r.tap.look(h)
}

func (r *watcher) dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	return r.rooms.dial(ctx, l, network)
}

// end closes everything and waits for those who listened.
func (r *watcher) end() {
	r.census.wait()
	if r.tap != nil {
		r.tap.Close()
	}
	if r.goodbyes != nil {
		r.goodbyes.Close()
	}
	if r.iterator != nil {
		r.iterator.stop()
	}
	r.telling.Wait()
	r.units.close()
}

// follow tells what happens until ctx is done.
func (r *watcher) follow(ctx context.Context) error {
	clock := time.NewTicker(r.beat())
	defer clock.Stop()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		if wait := r.catchUp(ctx); wait > 0 {
			again.Reset(wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.backlog.filled:
		case <-again.C:
		case broken := <-r.broken:
			r.fallBack(broken)
			clock.Reset(r.beat())
		case done := <-r.census.done:
			r.census.finish(done)
		case <-clock.C:
			if climbed := r.climbAgain(ctx); r.check(ctx) || climbed {
				clock.Reset(r.beat())
			}
		}
	}
}

// beat is how often something is done though nothing is told.
func (r *watcher) beat() time.Duration {
	const whenAllIsTold = time.Second
	if r.tells(rtevent.TCP) && r.tells(rtevent.UDP) {
		return min(whenAllIsTold, r.slowClock())
	}
	return min(r.pollClock(), r.slowClock())
}

func (r *watcher) pollClock() time.Duration {
	if r.options.Poll > 0 {
		return r.options.Poll
	}
	return defaultPoll
}

// catchUp tells all that waits and is certain. It returns how long to wait for the next; 0 when there is none.
func (r *watcher) catchUp(ctx context.Context) time.Duration {
	const atOnce = 8 * chunk // happenings: enough to find the end of a short-lived socket in the same line
	for ctx.Err() == nil {
		for len(r.confirm.line) < atOnce {
			batch := r.backlog.take()
			if batch == nil {
				break
			}
			r.confirm.add(batch)
		}
		h, ok, wait := r.confirm.next(sinceBoot())
		if ok {
			r.apply(&h)
			continue
		}
		r.judgeIfCaughtUp(wait == 0)
		return wait
	}
	return 0
}

// apply enters one happening into the ledger.
func (r *watcher) apply(h *happening) {
	at := when{at: h.at}
	switch h.kind {
	case tcpOpened, udpOpened:
		if h.port == 0 {
			r.census.hurry() // it is gone, or was never seen with a port: looking will tell
			return
		}
		s := r.socketOf(h)
		r.ledger.open(s, at)
		r.census.hurryForHolders()
	case tcpClosed, udpClosed:
		r.close(h.cookie, at)
	case tcpRefused:
		r.close(h.cookie, at)
		r.ledger.fail(r.socketOf(h), at)
	case socketDestroyed:
		if !r.close(h.cookie, at) && h.port != 0 {
			r.counts.passing++
		}
	}
}

func (r *watcher) close(cookie uint64, at when) bool {
	r.census.ended(cookie)
	return r.ledger.close(cookie, at)
}

// socketOf makes a socket of what the kernel told of it.
func (r *watcher) socketOf(h *happening) socket {
	s := h.socket()
	s.room = r.rooms.meet(uint64(h.netns), h.process)
	r.rooms.nameDevice(&s)
	for i := range s.holders {
		s.holders[i].unit = r.units.of(s.holders[i].process.cgroup)
	}
	if len(s.holders) == 0 {
		s.unseen = "it is the kernel's own"
	}
	return s
}

// check does what is due by the clock. It is true when what tells has changed.
func (r *watcher) check(ctx context.Context) (changed bool) {
	r.countLost()
	if r.tap != nil && r.tap.detached() {
		r.dropUDP()
		changed = true
	}
	if !r.tells(rtevent.TCP) || !r.tells(rtevent.UDP) {
		r.poll(ctx)
	}
	r.lookIfDue(ctx)
	return changed
}
