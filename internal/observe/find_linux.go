package observe

import (
	"context"
	"slices"

	"rtevent"
)

// find finds the holders of all sockets, by BPF when that was chosen and works, by a walk otherwise.
func (s *scan) find(ctx context.Context, bpf *iterator) error {
	if s.tier == tierBPF {
		err := s.iterate(ctx, bpf)
		if err == nil || s.options.Tier != "" || ctx.Err() != nil {
			return err
		}
		s.tier, s.why = tierDiag, "BPF does not work here"
		s.gaps = append(s.gaps, rtevent.Gap{What: "BPF", Why: err.Error(),
			Remedy: "none is needed, unless the walk cannot read the processes of others"})
	}
	walk := walk{proc: s.proc, wanted: s.inodes(nil)}
	s.take(walk.run(ctx, tablesOf(s.pids)))
	return nil
}

func (s *scan) take(r result) {
	for inode, holders := range r.holders {
		s.holders[inode] = append(s.holders[inode], holders...)
	}
	s.blind.refused = append(s.blind.refused, r.refused...)
}

// inodes are those of all sockets that fit; nil fits all.
func (s *scan) inodes(fits func(*socket) bool) map[uint64]bool {
	set := make(map[uint64]bool, len(s.sockets))
	for i := range s.sockets {
		if one := &s.sockets[i]; one.inode != 0 && (fits == nil || fits(one)) {
			set[one.inode] = true
		}
	}
	return set
}

// iterate lets the kernel go through all descriptors. A socket that it meets and that was not listed is new, in a room
// that no process and no mount leads to, or hidden from the listing: listing and going through again tells which.
func (s *scan) iterate(ctx context.Context, bpf *iterator) error {
	if err := bpf.ready(ctx); err != nil {
		return err
	}
	records, err := bpf.records(ctx)
	if err != nil {
		return err
	}
	s.blind.iterated = true
	strangers := s.takeRecords(records)
	if len(strangers) == 0 {
		return nil
	}
	s.listAgain(ctx, strangers)
	again, err := bpf.records(ctx)
	if err != nil {
		return nil // what was found stands; the strangers are not confirmed
	}
	s.adopt(strangers, s.takeRecords(again))
	s.takeRecords(again)
	return nil
}

// takeRecords replaces the holders by those of the records, and returns the records of sockets that were not listed.
func (s *scan) takeRecords(records []record) (strangers []record) {
	known := s.inodes(nil)
	s.holders, s.asked = make(map[uint64][]holder, len(known)), make(map[uint64]choice, len(known))
	for _, r := range records {
		if !known[r.inode] {
			strangers = append(strangers, r)
			continue
		}
		s.holders[r.inode] = append(s.holders[r.inode], r.holder)
		s.asked[r.inode] = r.asked
	}
	return strangers
}

// listAgain lists the rooms of the strangers, and goes into those that it did not know.
func (s *scan) listAgain(ctx context.Context, strangers []record) {
	known := s.inodes(nil)
	done := map[uint64]bool{}
	for _, stranger := range strangers {
		if done[stranger.netns] || ctx.Err() != nil {
			continue
		}
		done[stranger.netns] = true
		for _, one := range s.revisit(s.roomOf(stranger)).sockets {
			if !known[one.inode] {
				s.sockets = append(s.sockets, one)
			}
		}
	}
}

// roomOf finds the room of a record, or makes it known.
func (s *scan) roomOf(r record) *room {
	if known := s.atlas.rooms[r.netns]; known != nil {
		return known
	}
	made := &room{inode: r.netns, pid: 0, name: "socket of " + nameAfter(s.proc, r.holder.pid), ephemeral: defaultEphemeral}
	made.key, _ = keyOf(r.holder)
	s.atlas.rooms[r.netns] = made
	s.visited++
	return made
}

func (s *scan) revisit(r *room) visit {
	if r == s.atlas.own {
		return s.visitor.own(r)
	}
	return s.visitor.foreign(r)
}

// adopt adds the sockets that were met twice and listed never.
func (s *scan) adopt(before, after []record) {
	met := map[uint64]bool{}
	for _, r := range before {
		met[r.inode] = true
	}
	for _, r := range after {
		if !met[r.inode] {
			continue
		}
		met[r.inode] = false // once, though it may have several holders
		one := r.socket
		one.room = s.roomOf(r)
		if one.room.view != "" {
			one.hiddenFrom = []string{one.room.view}
		}
		s.sockets = append(s.sockets, one)
	}
}

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
	findCgroups(ctx, s.mounts, cgroups)
	for i := range s.sockets {
		if one := &s.sockets[i]; one.unseen != "" {
			one.unit = unitOf(cgroups[one.cgroup])
		}
	}
}
