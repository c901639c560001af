// The index of the state: the number of the last event of each topic, in memory.

package journal

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// lastEvent is the last event of a topic.
type lastEvent struct {
	topic string
	seq   uint64
}

// state knows the last event of each topic, and which of them the engine's stream of states does not have yet. Whoever
// writes never waits longer for a reader than it takes to look at a few thousand topics.
type state struct {
	mu     sync.Mutex
	index  map[string]uint32 // into topics
	topics []topicState
	most   int
	newest uint64
	fresh  []uint32 // topics that changed since they were last taken
	bytes  int      // of the events that did it
	scans  map[*scan]struct{}
}

type topicState struct {
	lastEvent
	fresh bool
	count uint32 // of its events in the log, at most; kept by keep.go
}

// scan is a look at all topics, a stretch at a time; changed are those that changed meanwhile.
type scan struct{ changed map[uint32]struct{} }

const scanned = 4096 // topics looked at while others wait

func newState(most int) *state {
	return &state{index: map[string]uint32{}, most: most, scans: map[*scan]struct{}{}}
}

// room says why an event on a topic cannot be taken.
func (s *state) room(topic string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.index[topic]; !known && len(s.topics) >= s.most {
		return fmt.Errorf("%w: it has %d topics, and %q would be one more", wire.ErrFull, s.most, topic)
	}
	return nil
}

// begin notes what the stream of states has, while the log ends at newest.
func (s *state) begin(topic string, seq, newest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(topic, seq)
	s.newest = newest
}

// show notes events of the log.
func (s *state) show(lines []tail.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lines {
		id := s.put(l.Topic, l.Seq)
		t := &s.topics[id]
		t.count++
		if !t.fresh {
			t.fresh = true
			s.fresh = append(s.fresh, id)
		}
		for scan := range s.scans {
			scan.changed[id] = struct{}{}
		}
		s.bytes += len(l.Bytes) + 2*len(l.Topic) + 80 // about what the log needs for it
		s.newest = l.Seq
	}
}

func (s *state) put(topic string, seq uint64) uint32 {
	id, known := s.index[topic]
	if !known {
		id = uint32(len(s.topics))
		s.topics = append(s.topics, topicState{lastEvent: lastEvent{topic: topic}})
		s.index[topic] = id
	}
	s.topics[id].seq = max(s.topics[id].seq, seq)
	return id
}

// waits tells how many topics changed since they were last taken, and by how many bytes of events.
func (s *state) waits() (topics, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.fresh), s.bytes
}

// take returns the topics that changed since it was last called, in the order of their last events, up to newest; bytes are
// those of the events that did it.
func (s *state) take() (events []lastEvent, bytes int, newest uint64) {
	s.mu.Lock()
	events = make([]lastEvent, 0, len(s.fresh))
	for _, id := range s.fresh {
		s.topics[id].fresh = false
		events = append(events, s.topics[id].lastEvent)
	}
	s.fresh, bytes, s.bytes, newest = s.fresh[:0], s.bytes, 0, s.newest
	s.mu.Unlock()
	return inOrder(events), bytes, newest
}

// giveBack undoes take, for what could not be done.
func (s *state) giveBack(events []lastEvent, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += bytes
	for _, e := range events {
		if id := s.index[e.topic]; !s.topics[id].fresh {
			s.topics[id].fresh = true
			s.fresh = append(s.fresh, id)
		}
	}
}

// matching returns the last events of all topics that match, as they were at one moment, in order; at is that moment.
func (s *state) matching(match func(string) bool) (events []lastEvent, at uint64) {
	sc := &scan{changed: map[uint32]struct{}{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scans[sc] = struct{}{}
	defer delete(s.scans, sc)
	found := map[uint32]int{} // the place in events, of those that might change
	for from := 0; from < len(s.topics); from += scanned {
		for id := from; id < min(from+scanned, len(s.topics)); id++ {
			if match(s.topics[id].topic) {
				found[uint32(id)] = len(events)
				events = append(events, s.topics[id].lastEvent)
			}
		}
		if from+scanned < len(s.topics) { // let others in
			s.mu.Unlock()
			s.mu.Lock()
		}
	}
	for id := range sc.changed {
		if i, ok := found[id]; ok {
			events[i] = s.topics[id].lastEvent
		}
	}
	return inOrder(events), s.newest
}

func (s *state) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.topics)
}

func inOrder(events []lastEvent) []lastEvent {
	slices.SortFunc(events, func(a, b lastEvent) int { return cmp.Compare(a.seq, b.seq) })
	return events
}
