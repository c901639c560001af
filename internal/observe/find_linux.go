// Finds the processes that hold the sockets.

package observe

import (
	"context"

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
		s.gaps = append(s.gaps, rtevent.Gap{What: "BPF iterator", Why: err.Error(), Remedy: "none needed: /proc was walked instead"})
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
		r, isNew := s.roomOf(stranger)
		seen := s.revisit(r)
		if isNew && seen.view != "" {
			s.visited++
		}
		for _, one := range seen.sockets {
			if !known[one.inode] {
				s.sockets = append(s.sockets, one)
			}
		}
	}
}

// roomOf finds the room of a record, or makes it known.
func (s *scan) roomOf(r record) (found *room, isNew bool) {
	if known := s.atlas.rooms[r.netns]; known != nil {
		return known, false
	}
	made := &room{inode: r.netns, name: "socket of " + nameAfter(s.proc, r.holder.pid), ephemeral: defaultEphemeral}
	made.key, _ = keyOf(r.holder)
	s.atlas.rooms[r.netns] = made
	return made, true
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
		one.room, _ = s.roomOf(r)
		one.deviceName = deviceNumber(one.device)
		if one.room.view != "" {
			one.hiddenFrom = []string{one.room.view}
		}
		s.sockets = append(s.sockets, one)
	}
}
