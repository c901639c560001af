package journal

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// state knows the number of the last event of each topic.
type state struct {
	mu     sync.Mutex
	topics map[string]uint64
	most   int
}

func newState(most int) *state {
	return &state{topics: map[string]uint64{}, most: most}
}

// room says why an event on a topic cannot be taken.
func (s *state) room(topic string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.topics[topic]; !known && len(s.topics) >= s.most {
		return fmt.Errorf("%w: it has %d topics, and %q would be one more", wire.ErrFull, s.most, topic)
	}
	return nil
}

func (s *state) put(topic string, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics[topic] = seq
}

func (s *state) putAll(lines []tail.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lines {
		s.topics[l.Topic] = l.Seq
	}
}

// matching returns the numbers of the last events of all topics that match, in order.
func (s *state) matching(match func(string) bool) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seqs []uint64
	for topic, seq := range s.topics {
		if match(topic) {
			seqs = append(seqs, seq)
		}
	}
	slices.Sort(seqs)
	return seqs
}

// State returns the last event of each matching topic as they were at one moment, in the order of their numbers; history
// goes on after at.
func (j *Journal) State(ctx context.Context, match func(topic string) bool) (at uint64, entries iter.Seq2[wire.Entry, error]) {
	seqs := j.state.matching(match)
	at = j.newest.Load()
	return at, func(yield func(wire.Entry, error) bool) {
		for len(seqs) > 0 {
			for e, err := range j.Read(ctx, seqs[0]-1) {
				if err != nil {
					yield(wire.Entry{}, err)
					return
				}
				if e.Seq < seqs[0] {
					continue
				}
				seqs = seqs[1:]
				if !yield(e, nil) || len(seqs) == 0 {
					return
				}
			}
		}
	}
}
