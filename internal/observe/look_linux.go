// Joins the views of a Linux kernel into one Snapshot.

package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// scan is one look. Its methods run in the order in which look calls them.
type scan struct {
	options Options
	proc    *procfs
	powers  powers
	tier    string
	why     string
	visitor visitor

	// lent is an iterator that outlives this look; nil when it is to have its own.
	lent *iterator

	pids   []int
	mounts []mount
	atlas  *atlas

	sockets []socket
	visited int
	unsure  map[*room]bool      // rooms of which something may be missing
	holders map[uint64][]holder // by inode
	asked   map[uint64]choice   // by inode
	blind   blindness
	gaps    []rtevent.Gap
}

func newScan(o Options, proc *procfs) *scan {
	return &scan{options: o, proc: proc, powers: proc.powers(), holders: map[uint64][]holder{}, unsure: map[*room]bool{}}
}

func look(ctx context.Context, o Options) (*Snapshot, error) {
	proc, err := openProc(o.Root)
	if err != nil {
		return nil, err
	}
	defer proc.close()
	s := newScan(o, proc)
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.run(ctx); err != nil {
		s.leave(s.atlas.foreign())
		return nil, err
	}
	return s.snapshot(), nil
}

// run does the work, side by side where one thing does not need the other.
func (s *scan) run(ctx context.Context) error {
	bpf := s.lent
	if s.tier == tierBPF && bpf == nil {
		bpf = startIterator(s.options.BPFTimeout)
		defer bpf.stop()
	}
	own := s.visitor.own(s.atlas.own)
	if err := s.acceptOwn(own); err != nil {
		return err
	}
	compared := s.startComparing(own)
	defer compared()
	s.listOthers(ctx)
	if err := s.find(ctx, bpf); err != nil {
		return err
	}
	s.reconcile(ctx, compared())
	s.settle(ctx)
	s.gaps = append(s.gaps, s.visitor.unobserved()...)
	return ctx.Err()
}

// prepare decides how to look.
func (s *scan) prepare() (err error) {
	if s.pids, err = s.proc.pids(); err != nil {
		return err
	}
	if mountinfo, err := s.proc.read("self/mountinfo", 64<<20); err == nil {
		s.mounts = parseMounts(mountinfo, "nsfs", "proc", "cgroup2")
	}
	s.atlas = newAtlas(s.proc)
	s.tier, s.why = s.options.Tier, "asked for"
	if s.tier == "" && s.lent != nil {
		s.tier, s.why = tierBPF, "it is loaded already"
	}
	if s.tier == "" {
		s.tier, s.why = choose(s.proc.load(s.pids), s.powers)
	}
	if s.proc.recorded && s.tier != tierProc {
		return fmt.Errorf("%s is a recording, and tier %s asks the kernel: %w", s.proc.path, s.tier, errors.ErrUnsupported)
	}
	s.visitor = visitor{proc: s.proc, diag: s.tier != tierProc}
	return nil
}

// acceptOwn takes in our own room. It is an error when nothing can be told of it, or not in the way that was asked for.
func (s *scan) acceptOwn(v visit) error {
	if v.view == viewTables && s.visitor.diag {
		if s.options.Tier != "" {
			return v.partial
		}
		s.tier, s.why = tierProc, v.partial.Error()
		s.visitor.diag = false
		v.partial = nil
	}
	if v.view == viewTables && len(v.sockets) == 0 && v.partial != nil {
		return v.partial
	}
	s.accept(s.atlas.own, v)
	return nil
}

// listOthers finds the other rooms and reads their sockets.
func (s *scan) listOthers(ctx context.Context) {
	s.atlas.explore(ctx, s.proc, s.pids, s.mounts)
	if s.proc.fd < 0 {
		s.gaps = append(s.gaps, rtevent.Gap{What: "other network namespaces", Why: "there is no /proc to find them in", Remedy: mountProc})
	}
	rooms := s.atlas.foreign()
	for i, v := range s.visitor.all(ctx, rooms) {
		s.accept(rooms[i], v)
	}
}

// accept takes in what a room told.
func (s *scan) accept(r *room, v visit) {
	if v.err != nil {
		s.gaps = append(s.gaps, closedRoom(r, v.err))
	}
	if v.partial != nil {
		s.gaps = append(s.gaps, rtevent.Gap{What: "some sockets" + in(r), Why: v.partial.Error()})
		s.unsure[r] = true
	}
	if v.view != "" {
		s.visited++
	}
	s.sockets = append(s.sockets, v.sockets...)
}

func in(r *room) string {
	if r.name == "" {
		return ""
	}
	return " in network namespace " + r.name
}

func closedRoom(r *room, err error) rtevent.Gap {
	gap := rtevent.Gap{What: "network namespace " + r.name, Why: err.Error()}
	if number := syscall.Errno(0); errors.As(err, &number) {
		gap.Why = number.Error() // without the name of the room, so that equal reasons come together
	}
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		gap.Remedy = "run as root, or with CAP_SYS_ADMIN and CAP_SYS_PTRACE"
	}
	return gap
}

// complete joins the sockets with what was found of each.
func (s *scan) complete() {
	for i := range s.sockets {
		one := &s.sockets[i]
		one.holders = s.holders[one.inode]
		if choice, known := s.asked[one.inode]; known {
			one.asked = choice
		}
	}
}

// snapshot makes the answer. Only the rooms that something can be dialled in are kept open.
func (s *scan) snapshot() *Snapshot {
	s.complete()
	snapshot := &Snapshot{Listeners: merge(s.sockets, booted()), rooms: map[string]io.Closer{}}
	used := map[string]bool{}
	for _, l := range snapshot.Listeners {
		used[l.Namespace] = true
	}
	var left []*room
	for _, r := range s.atlas.foreign() {
		if used[r.name] && r.key != nil {
			snapshot.rooms[r.name] = r.key
		} else {
			left = append(left, r)
		}
	}
	s.leave(left)
	tier := s.tier
	if tier == tierDiag {
		tier = "sock_diag+proc"
	}
	snapshot.blind, snapshot.gaps = s.blind, gathered(s.gaps)
	snapshot.Coverage = rtevent.Coverage{Tier: tier, Why: s.why, Namespaces: s.visited}
	snapshot.Coverage = snapshot.CoverageOf(snapshot.Listeners)
	return snapshot
}

// leave closes the keys of rooms.
func (s *scan) leave(rooms []*room) {
	for _, r := range rooms {
		r.lock()
	}
}

// gathered joins gaps that have the same reason, so that a thousand closed rooms are one line.
func gathered(gaps []rtevent.Gap) []rtevent.Gap {
	const most = 3
	type reason struct{ why, remedy string }
	whats := map[reason][]string{}
	var order []reason
	for _, g := range gaps {
		r := reason{g.Why, g.Remedy}
		if whats[r] == nil {
			order = append(order, r)
		}
		whats[r] = append(whats[r], g.What)
	}
	var joined []rtevent.Gap
	for _, r := range order {
		list := whats[r]
		slices.Sort(list)
		if more := len(list) - most; more > 0 {
			list = append(list[:most:most], fmt.Sprintf("%d more", more))
		}
		joined = append(joined, rtevent.Gap{What: strings.Join(list, ", "), Why: r.why, Remedy: r.remedy})
	}
	return joined
}

// booted is the moment from which the kernel counts. The two clocks are read one after the other: of some readings, the
// one during which least time passed counts.
func booted() time.Time {
	var moment time.Time
	for narrowest, tries := uint64(1<<63), 0; tries < 5 && narrowest > uint64(20*time.Microsecond); tries++ {
		before := sinceBoot()
		if before == 0 {
			return time.Time{}
		}
		now := time.Now().Round(0)
		if passed := sinceBoot() - before; passed < narrowest {
			narrowest = passed
			moment = now.Add(-time.Duration(before + passed/2))
		}
	}
	return moment
}

// steadily keeps a moment until the clock has been set: else what happened later could seem to be earlier by the time that
// reading clocks takes.
func steadily(moment func() time.Time) func() time.Time {
	var kept time.Time
	return func() time.Time {
		if now := moment(); now.Sub(kept).Abs() > 2*time.Millisecond {
			kept = now
		}
		return kept
	}
}

// sinceBoot is now, by the clock of the kernel that nobody can set, in nanoseconds; 0 when it does not tell.
func sinceBoot() uint64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return uint64(now.Nano())
}
