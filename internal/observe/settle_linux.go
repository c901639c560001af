// Deals with sockets that seem to have no holder: closed meanwhile, held in a hidden way, or held by nobody.

package observe

import (
	"context"
	"slices"
)

// settle looks again for what has no holder: was it closed meanwhile, is its holder a new process or a thread with a
// table of its own, or may it not be seen?
func (s *scan) settle(ctx context.Context) {
	s.dropClosed(ctx)
	orphans := s.inodes(s.isOrphan)
	if len(orphans) > 0 {
		s.search(ctx, orphans)
	}
	s.blind.powers = s.powers
	s.blind.noProc = s.proc.fd < 0
	slices.Sort(s.blind.refused)
	s.blind.refused = slices.Compact(s.blind.refused)
	if len(s.blind.refused) > 0 {
		s.blind.refusedName = s.proc.comm(s.blind.refused[0])
	}
	for _, m := range s.mounts {
		if m.kind == "proc" && m.point == s.proc.path {
			s.blind.hidepid = m.hidepid()
		}
	}
	s.explainOrphans(ctx)
}

func (s *scan) isOrphan(one *socket) bool { return len(s.holders[one.inode]) == 0 }

// dropClosed lists the rooms of the orphans again and drops those that are not there any more.
func (s *scan) dropClosed(ctx context.Context) {
	if s.proc.recorded {
		return
	}
	there := map[*room]map[sight]bool{}
	s.sockets = slices.DeleteFunc(s.sockets, func(one socket) bool {
		if !s.isOrphan(&one) || len(one.hiddenFrom) > 0 || one.room.view == "" || ctx.Err() != nil {
			return false
		}
		if there[one.room] == nil {
			seen := s.revisit(one.room)
			there[one.room] = map[sight]bool{}
			for i := range seen.sockets {
				there[one.room][seen.sockets[i].sight()] = true
			}
			if seen.partial != nil {
				there[one.room][one.sight()] = true
			}
		}
		return !there[one.room][one.sight()]
	})
}

// search goes through what the first search could not know: processes that are new, and threads that keep to
// themselves. After an iteration, which knows those, it only finds out which processes refuse to be read.
func (s *scan) search(ctx context.Context, orphans map[uint64]bool) {
	if s.proc.recorded || s.blind.iterated && !s.powers.others {
		return
	}
	pids, err := s.proc.pids()
	if err != nil {
		return
	}
	again := walk{proc: s.proc, wanted: orphans, onlyTry: s.blind.iterated}
	if s.blind.iterated {
		s.take(again.run(ctx, tablesOf(pids)))
		return
	}
	isNew := slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		_, old := slices.BinarySearch(s.pids, pid)
		return old
	})
	s.take(again.run(ctx, append(tablesOf(isNew), s.proc.threadTables(ctx, pids)...)))
}

// explainOrphans says why no holder was seen, and of which unit the creator was.
func (s *scan) explainOrphans(ctx context.Context) {
	why := s.blind.why()
	cgroups := map[uint64]string{}
	for i := range s.sockets {
		if one := &s.sockets[i]; s.isOrphan(one) {
			one.unseen = why
			if one.cgroup > rootCgroup {
				cgroups[one.cgroup] = ""
			}
		}
	}
	if len(cgroups) == 0 {
		return
	}
	if !s.proc.recorded {
		findCgroups(ctx, s.mounts, cgroups)
	}
	for i := range s.sockets {
		if one := &s.sockets[i]; one.unseen != "" {
			one.unit = unitOf(cgroups[one.cgroup])
		}
	}
}
