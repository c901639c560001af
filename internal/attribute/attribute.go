// Package attribute tells who holds a socket: it reads a process and says what it runs, for whom, since when, in which
// unit and container, from which package, and whether that file is still the one the package delivered.
//
// It reads files only, below /proc and in the process's own file tree, and starts nothing. What a process says of
// itself is hostile input: it is bounded, kept as it is, and never trusted over what the kernel says. What could not be
// read is told, with the reason, in the Owner.
package attribute

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"rtevent"
)

// Attributor fills Owners. It remembers which package owns which file, while the package database stays as it is, and
// the digest of every file it has read; nothing of a process, which may become another program at any time. It is safe
// for use by several goroutines.
type Attributor struct {
	root    string
	owners  ownerCache
	digests digestCache
}

// New returns an Attributor for the machine whose root directory is given; "" means "/".
func New(root string) *Attributor {
	if root == "" {
		root = "/"
	}
	return &Attributor{root: filepath.Clean(root), digests: newDigestCache(runtime.NumCPU())}
}

// Fill completes the holders of all listeners in place, all but Package.Intact, which Verify adds: that takes reading
// whole executables. What an Owner already says (PID; User, UID or Unit where the process itself is out of sight) is
// kept where nothing better is found. Holders of one process share what they point to: it is to be read only.
//
// It reads every process once and every package database at most once. When ctx ends early, the holders that were not
// reached say so in Unseen.
func (a *Attributor) Fill(ctx context.Context, ls []rtevent.Listener) {
	h, err := openHost(a.root)
	if err != nil {
		for i := range ls {
			for j := range ls[i].Holders {
				unseenFor(&ls[i].Holders[j], err)
			}
		}
		return
	}
	defer h.close()
	pids := pidsOf(ls)
	seen := make([]sight, len(pids))
	parallel(len(pids), func(i int) { seen[i] = look(ctx, h, pids[i]) })
	a.addPackages(ctx, seen)
	for i := range ls {
		for j := range ls[i].Holders {
			o := &ls[i].Holders[j]
			if at, ok := slices.BinarySearch(pids, o.PID); ok {
				seen[at].fill(o)
				holding(h.own.files, ls[i], o, seen[at].process)
			}
			if o.Unseen != "" {
				nameUser(h.own, o)
			}
		}
	}
}

// pidsOf lists the processes that hold any of the listeners, in order and each once.
func pidsOf(ls []rtevent.Listener) []int {
	var pids []int
	for _, l := range ls {
		for _, o := range l.Holders {
			if o.PID > 0 {
				pids = append(pids, o.PID)
			}
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// sight is what was found out about one process: the Owner, or why there is none.
type sight struct {
	process *process
	owner   rtevent.Owner
	err     error
}

// look reads one process and draws every conclusion that needs no package database.
func look(ctx context.Context, h *host, pid int) sight {
	if ctx.Err() != nil {
		return sight{err: errors.New("not read in time")}
	}
	p, err := h.process(pid)
	if err != nil {
		return sight{err: err}
	}
	return sight{process: p, owner: conclude(h, p)}
}

// fill completes an Owner by what was seen. A holder that is known to have started at another time is another process.
func (s sight) fill(o *rtevent.Owner) {
	if s.err == nil && !o.Started.IsZero() && !s.owner.Started.IsZero() && o.Started.Sub(s.owner.Started).Abs() > startSlack {
		s.err = errors.New("exited before it could be read; its number has been given to another process")
	}
	if s.err != nil {
		unseenFor(o, s.err)
		return
	}
	unit := o.Unit
	*o = s.owner
	if o.Unit == "" {
		o.Unit = unit
	}
}

// unseenFor notes why nothing more is known of an Owner. A reason that is there already is the more precise one.
func unseenFor(o *rtevent.Owner, err error) {
	if o.Unseen == "" {
		o.Unseen = err.Error()
	}
}

// parallel calls f for 0 to n-1, as many at a time as there are processors, and returns when all calls have.
func parallel(n int, f func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.NumCPU()) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
