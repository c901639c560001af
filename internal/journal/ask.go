// Questions to the engine about what it holds: direct gets, which need no consumer and leave nothing behind.

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"rtevent/internal/wire"
)

// question is the body of a direct get.
type question struct {
	Seq       uint64     `json:"seq,omitempty"`
	Last      string     `json:"last_by_subj,omitempty"`
	Next      string     `json:"next_by_subj,omitempty"`
	Batch     int        `json:"batch,omitempty"`
	MaxBytes  int        `json:"max_bytes,omitempty"`
	StartTime *time.Time `json:"start_time,omitempty"`
	MultiLast []string   `json:"multi_last,omitempty"`
	UpTo      uint64     `json:"up_to_seq,omitempty"`
	Bare      bool       `json:"no_hdr,omitempty"`
}

const pieceEvents = 1000 // asked for at once

// reply is one message that the engine holds.
type reply struct {
	seq  uint64 // unknown, 0, when asked for without headers
	data []byte
}

// patiently asks again for a while where a cluster may be about to choose a leader.
func (e *engine) patiently(ctx context.Context, ask func() error) error {
	for began := time.Now(); ; {
		err := ask()
		if !e.shared || !errors.Is(err, errNobody) || time.Since(began) > engineCall {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ask sends one question and collects the messages of the answer, which are few or a piece. last is the number of the last
// one where the engine tells it.
func (e *engine) ask(ctx context.Context, stream string, q question) (replies []reply, last uint64, err error) {
	err = e.patiently(ctx, func() (err error) {
		replies, last, err = e.askOnce(ctx, stream, q)
		return err
	})
	return replies, last, err
}

func (e *engine) askOnce(ctx context.Context, stream string, q question) (replies []reply, last uint64, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, 0, err
	}
	inbox := nats.NewInbox()
	messages := make(chan *nats.Msg, q.Batch+len(q.MultiLast)+2)
	sub, err := e.read.ChanSubscribe(inbox, messages)
	if err != nil {
		return nil, 0, unavailable("read journal", err)
	}
	defer sub.Unsubscribe()
	if err := e.read.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return nil, 0, unavailable("read journal", err)
	}
	patience := time.NewTimer(engineCall)
	defer patience.Stop()
	for {
		select {
		case m := <-messages:
			end, err := status(m)
			if err != nil {
				return nil, 0, err
			}
			if end {
				last, _ = strconv.ParseUint(m.Header.Get("Nats-Last-Sequence"), 10, 64)
				return replies, last, nil
			}
			seq, _ := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
			replies = append(replies, reply{seq, m.Data})
			if q.Batch == 0 && q.MultiLast == nil {
				return replies, seq, nil
			}
		case <-patience.C:
			return nil, 0, unavailable("read journal", fmt.Errorf("no answer within %v", engineCall))
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

var errNobody = errors.New("no stream answers")

// status tells whether a message is the end of an answer instead of a part of it.
func status(m *nats.Msg) (end bool, err error) {
	if m.Header == nil {
		return false, nil
	}
	switch code := m.Header.Get("Status"); code {
	case "":
		return false, nil
	case "204", "404": // the end of a batch; there is none
		return true, nil
	case "503":
		return false, unavailable("read journal", errNobody)
	default:
		return false, unavailable("read journal", fmt.Errorf("the engine says %s %s", code, m.Header.Get("Description")))
	}
}

// askMany sends many questions for one message each and returns the answers in their order, nil where there is none.
func (e *engine) askMany(ctx context.Context, stream string, questions []question) (answers [][]byte, err error) {
	err = e.patiently(ctx, func() (err error) {
		answers, err = e.askManyOnce(ctx, stream, questions)
		return err
	})
	return answers, err
}

func (e *engine) askManyOnce(ctx context.Context, stream string, questions []question) ([][]byte, error) {
	answers := make([][]byte, len(questions))
	inbox := nats.NewInbox() + "."
	messages := make(chan *nats.Msg, len(questions)+1)
	sub, err := e.read.ChanSubscribe(inbox+"*", messages)
	if err != nil {
		return nil, unavailable("read journal", err)
	}
	defer sub.Unsubscribe()
	for i, q := range questions {
		q.Bare = true
		body, err := json.Marshal(q)
		if err != nil {
			return nil, err
		}
		if err := e.read.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox+strconv.Itoa(i), body); err != nil {
			return nil, unavailable("read journal", err)
		}
	}
	patience := time.NewTimer(engineCall)
	defer patience.Stop()
	for range questions {
		select {
		case m := <-messages:
			i, err := strconv.Atoi(m.Subject[len(inbox):])
			if err != nil || i >= len(answers) {
				return nil, fmt.Errorf("read journal: an answer to a question that was not asked: %q", m.Subject)
			}
			if end, err := status(m); err != nil {
				return nil, err
			} else if !end {
				answers[i] = m.Data
			}
		case <-patience.C:
			return nil, unavailable("read journal", fmt.Errorf("no answer within %v", engineCall))
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return answers, nil
}

// leaderHas asks the leader of a cluster for one event of the log: a direct get may be answered by a server that is behind.
func (e *engine) leaderHas(ctx context.Context, seq uint64) (bool, error) {
	body, err := json.Marshal(question{Seq: seq})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, engineCall)
	defer cancel()
	m, err := e.read.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+logStream, body)
	if err != nil {
		return false, unavailable("read journal", err)
	}
	var answer struct {
		Error *struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return false, unavailable("read journal", err)
	}
	if answer.Error != nil && answer.Error.Code >= 500 {
		return false, unavailable("read journal", fmt.Errorf("the engine says %d", answer.Error.Code))
	}
	return answer.Error == nil, nil
}

// unavailable says what could not be done because of the engine.
func unavailable(act string, err error) error {
	return fmt.Errorf("%s: %w: %w", act, wire.ErrUnavailable, err)
}

// piece returns the records of a stream from a number of that stream on, in order, and the last number that it covers: a
// part of them, nothing at the end. Those that are none are left out: a hole like any other.
func (e *engine) piece(ctx context.Context, stream string, from uint64, size int) (records []record, last uint64, err error) {
	q := question{Seq: from, Batch: pieceEvents, MaxBytes: size, Bare: true}
	replies, last, err := e.ask(ctx, stream, q)
	if err != nil {
		return nil, 0, err
	}
	if stream == logStream && len(replies) > 0 && last-from+1 != uint64(len(replies)) { // not one stretch: have each one's number told
		q.Bare = false
		if replies, last, err = e.ask(ctx, stream, q); err != nil {
			return nil, 0, err
		}
	}
	records = make([]record, 0, len(replies))
	for i, m := range replies {
		r, err := parseRecord(m.data)
		if err != nil {
			continue
		}
		if stream == logStream && q.Bare {
			r.seq = from + uint64(i)
		} else if stream == logStream {
			r.seq = m.seq
		}
		records = append(records, r)
	}
	return records, last, nil
}
