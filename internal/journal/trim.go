package journal

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// above returns the topics that may have more events in the log than a number.
func (s *state) above(most uint32) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var topics []string
	for _, id := range s.fresh { // only those that changed lately can have got more
		if t := &s.topics[id]; t.count > most {
			topics = append(topics, t.topic)
		}
	}
	return topics
}

// counted notes how many events of a topic the log has.
func (s *state) counted(topic string, count uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, known := s.index[topic]; known {
		s.topics[id].count = count
	}
}

// count asks the engine how many events of a topic the log has.
func (e *engine) count(ctx context.Context, topic string) (int, error) {
	info, err := e.log.Info(ctx, jetstream.WithSubjectFilter(logSubject+topic))
	if err != nil {
		return 0, unavailable("count the events of a topic", err)
	}
	return int(info.State.Subjects[logSubject+topic]), nil
}

// nth returns the number of a topic's nth event in the log, counted from the oldest.
func (e *engine) nth(ctx context.Context, topic string, n int) (uint64, error) {
	seq := uint64(0)
	for n > 0 {
		replies, _, err := e.ask(ctx, logStream, question{Seq: seq + 1, Next: logSubject + topic, Batch: min(n, pieceEvents), MaxBytes: mostPiece})
		if err != nil || len(replies) == 0 {
			return seq, err
		}
		seq = replies[len(replies)-1].seq
		n -= len(replies)
	}
	return seq, nil
}

// trim removes what lies before front. A limit that is there for a moment does it: the stream refuses to have anything
// deleted or purged, by us as well.
func (e *engine) trim(ctx context.Context, o Options, front uint64) error {
	info, err := e.log.Info(ctx)
	if err != nil {
		return unavailable("trim the log", err)
	}
	config := e.logConfig(o)
	config.MaxMsgs = int64(info.State.LastSeq - front + 1)
	if config.MaxMsgs <= 0 || front <= info.State.FirstSeq {
		return nil
	}
	_, err = e.js.UpdateStream(ctx, config)
	if _, restored := e.js.UpdateStream(ctx, e.logConfig(o)); restored != nil {
		return fmt.Errorf("lift the limit by which the log was trimmed: %w", restored)
	}
	return err
}
