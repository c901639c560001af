// The last event of each topic: from the log while it is there, from the stream of states when retention has taken it.

package journal

import (
	"context"
	"iter"

	"rtevent/internal/wire"
)

const gathered = 500 // events fetched at once

// State returns the last event of each matching topic as they were at one moment, in the order of their numbers; history
// goes on after at. One that is damaged is a *wire.Gap.
func (j *Journal) State(ctx context.Context, match func(topic string) bool) (at uint64, entries iter.Seq2[wire.Entry, error]) {
	events, at := j.state.matching(match)
	return at, j.entries(j.gather(ctx, events))
}

// StateAt is State as it was when a number was the newest. Of that time it knows what the log still has, and the topics
// that have not changed since.
func (j *Journal) StateAt(ctx context.Context, at uint64, match func(topic string) bool) (iter.Seq2[wire.Entry, error], error) {
	events, _ := j.state.matching(match)
	var then []lastEvent
	var changed []string
	for _, e := range events {
		if e.seq <= at {
			then = append(then, e)
		} else {
			changed = append(changed, logSubject+e.topic)
		}
	}
	for len(changed) > 0 && at > 0 {
		n := min(gathered, len(changed))
		replies, _, err := j.engine.Load().ask(ctx, logStream, question{MultiLast: changed[:n], UpTo: at})
		if err != nil {
			return nil, err
		}
		for _, m := range replies {
			if r, err := parseRecord(m.data); err == nil {
				then = append(then, lastEvent{r.topic, m.seq})
			}
		}
		changed = changed[n:]
	}
	return j.entries(j.gather(ctx, inOrder(then))), nil
}

// gather fetches events by their numbers, which are in order.
func (j *Journal) gather(ctx context.Context, events []lastEvent) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for len(events) > 0 {
			n := min(gathered, len(events))
			records, err := j.gatherSome(ctx, events[:n])
			if err != nil {
				yield(record{}, err)
				return
			}
			for i, r := range records {
				var err error
				if r.line == nil {
					err = &wire.Gap{After: events[i].seq - 1, Before: events[i].seq + 1, Reason: "damaged"}
					j.stats.damaged.Add(1)
				} else if r.seq != events[i].seq {
					continue // the topic went on while this was read, and its next event follows
				}
				if !yield(r, err) {
					return
				}
			}
			events = events[n:]
		}
	}
}

// gatherSome returns the records of a few events; empty ones for those that cannot be read.
func (j *Journal) gatherSome(ctx context.Context, events []lastEvent) ([]record, error) {
	found := make([]record, len(events))
	var err error
	if span := events[len(events)-1].seq - events[0].seq; span < 8*uint64(len(events)) {
		err = j.gatherNear(ctx, events, found)
	} else {
		err = j.gatherFar(ctx, events, found)
	}
	if err != nil {
		return nil, err
	}
	return found, j.gatherStates(ctx, events, found)
}

// gatherNear reads the stretch of the log in which the events lie.
func (j *Journal) gatherNear(ctx context.Context, events []lastEvent, found []record) error {
	for i, at := 0, events[0].seq; i < len(events); {
		records, last, err := j.turn(ctx, at, mostPiece)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			for i < len(events) && events[i].seq < r.seq {
				i++
			}
			if i < len(events) && events[i].seq == r.seq {
				found[i] = r
			}
		}
		for i < len(events) && events[i].seq <= last {
			i++
		}
		at = last + 1
	}
	return nil
}

// gatherFar asks the log for each event.
func (j *Journal) gatherFar(ctx context.Context, events []lastEvent, found []record) error {
	questions := make([]question, len(events))
	for i, e := range events {
		questions[i].Seq = e.seq
	}
	answers, err := j.engine.Load().askMany(ctx, logStream, questions)
	if err != nil {
		return err
	}
	for i, b := range answers {
		if r, err := parseRecord(b); err == nil {
			r.seq = events[i].seq
			found[i] = r
		}
	}
	return nil
}

// gatherStates asks the stream of states for what the log does not have.
func (j *Journal) gatherStates(ctx context.Context, events []lastEvent, found []record) error {
	var questions []question
	var places []int
	for i, e := range events {
		if found[i].line == nil {
			questions, places = append(questions, question{Last: stateSubject + e.topic}), append(places, i)
		}
	}
	if questions == nil {
		return nil
	}
	answers, err := j.engine.Load().askMany(ctx, stateStream, questions)
	if err != nil {
		return err
	}
	for n, b := range answers {
		if r, err := parseRecord(b); err == nil && r.seq >= events[places[n]].seq {
			found[places[n]] = r
		}
	}
	return nil
}
