// The stream of states is derived from the log: every few seconds it takes over what changed, so that the last event of a
// topic outlives the log's retention. It is always a little behind, and says how far it has got.

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rtevent/internal/tail"
)

const (
	appliedSubject = "rtevent.applied" // of the mark in the stream of states
	deriveEvery    = 5 * time.Second   // or four times within what the log keeps,
	deriveTopics   = 50_000            // or when that many have changed,
	derivedBy      = time.Minute       // after this nobody writes any more what was due before
	deriveShare    = 8                 // or when this part of what the log may hold has been written;
	mostBehind     = 2                 // when this part has, whoever publishes waits
	behindPatience = 5 * time.Second   // and then is refused
)

// applied is the mark: the stream of states has every topic's last event up to Seq.
type applied struct {
	Seq    uint64    `json:"seq"`
	Topics int       `json:"topics"` // how many it then had
	At     time.Time `json:"at"`
}

// derive keeps the stream of states up to date until ctx ends.
func (j *Journal) derive(ctx context.Context) {
	period := min(deriveEvery, j.options.MaxAge/4)
	every := time.NewTicker(period / 10)
	defer every.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-j.hurry:
		}
		topics, bytes := j.state.waits()
		due := time.Since(last) >= period || topics > deriveTopics || int64(bytes) > j.options.MaxBytes/deriveShare
		if topics == 0 || !due {
			continue
		}
		last = time.Now()
		if err := j.deriveOnce(ctx); err != nil && ctx.Err() == nil {
			j.options.Log.Warn("the state falls behind", "err", err)
		}
	}
}

// keepsUp says why nothing more may be stored for now: retention would take what the stream of states does not have yet. It
// waits a while for that to change.
func (j *Journal) keepsUp(stop <-chan struct{}) error {
	for began := time.Now(); ; {
		_, bytes := j.state.waits()
		if int64(bytes) < j.options.MaxBytes/deriveShare {
			return nil
		}
		select {
		case j.hurry <- struct{}{}:
		default:
		}
		if int64(bytes) < j.options.MaxBytes/mostBehind {
			return nil
		}
		if time.Since(began) > behindPatience {
			return stuck("the state falls behind the log")
		}
		select {
		case <-stop:
			return nil
		case <-time.After(time.Millisecond):
		}
	}
}

// deriveOnce takes over what changed.
func (j *Journal) deriveOnce(ctx context.Context) error {
	j.deriving.Lock()
	defer j.deriving.Unlock()
	events, bytes, newest := j.state.take()
	err := j.deriveEvents(ctx, events)
	if err == nil {
		err = j.markApplied(ctx, applied{Seq: newest, Topics: j.state.count(), At: time.Now()})
	}
	if err != nil {
		j.state.giveBack(events, bytes)
	}
	return err
}

func (j *Journal) deriveEvents(ctx context.Context, events []lastEvent) error {
	js := j.engine.Load().js
	var futures []jetstream.PubAckFuture
	for r, err := range j.gather(ctx, events) {
		if isGap(err) {
			continue // it is told to whoever reads the state
		} else if err != nil {
			return err
		}
		future, err := js.PublishAsync(stateSubject+r.topic, r.append(nil))
		if err != nil {
			return unavailable("write the state", err)
		}
		futures = append(futures, future)
		if len(futures) == gathered {
			if err := allStored(ctx, futures); err != nil {
				return err
			}
			futures = futures[:0]
		}
	}
	return allStored(ctx, futures)
}

// allStored waits until all are acknowledged, but not for ever: of an engine that was started again meanwhile no answer comes.
func allStored(ctx context.Context, futures []jetstream.PubAckFuture) error {
	patience := time.NewTimer(engineCall)
	defer patience.Stop()
	for _, f := range futures {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return unavailable("write the state", err)
		case <-patience.C:
			return unavailable("write the state", fmt.Errorf("no answer within %v", engineCall))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// markApplied says how far the state has got, once everything up to there is on the disk.
func (j *Journal) markApplied(ctx context.Context, a applied) error {
	if err := j.disk.syncStates(); err != nil {
		return err
	}
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = j.engine.Load().js.Publish(ctx, appliedSubject, body)
	return err
}

// load reads what must be known of what is stored: the last event of each topic, and the keys of the newest events.
func (j *Journal) load(ctx context.Context) error {
	newest := j.newest.Load()
	at, err := j.loadStates(ctx, newest)
	if err != nil {
		return fmt.Errorf("open journal %s: read the state: %w", j.options.Dir, err)
	}
	from := at
	if window := uint64(j.options.Window); newest > window {
		from = min(from, newest-window)
	} else {
		from = 0
	}
	for r, err := range j.records(ctx, from) {
		if isGap(err) {
			j.options.Log.Warn("a hole in the log", "what", err)
			continue
		} else if err != nil {
			return fmt.Errorf("open journal %s: read the log: %w", j.options.Dir, err)
		}
		if r.seq > at {
			j.state.show([]tail.Line{{Seq: r.seq, Topic: r.topic, Bytes: r.line}})
		}
		if r.seq+uint64(j.options.Window) > newest {
			j.window.add(r.key, r.seq)
		}
	}
	return nil
}

// loadStates reads the stream of states and returns up to which number of the log it can be believed.
func (j *Journal) loadStates(ctx context.Context, newest uint64) (uint64, error) {
	e := j.engine.Load()
	var mark applied
	if b, err := e.askMany(ctx, stateStream, []question{{Last: appliedSubject}}); err != nil {
		return 0, err
	} else if b[0] != nil && json.Unmarshal(b[0], &mark) != nil {
		mark = applied{}
	}
	var beyond []string
	for next := uint64(1); ; {
		records, last, err := e.piece(ctx, stateStream, next, mostPiece)
		if err != nil {
			return 0, err
		}
		for _, r := range records {
			if r.seq > newest { // of a history that was lost
				beyond = append(beyond, r.topic)
				continue
			}
			j.state.begin(r.topic, r.seq, newest)
		}
		if last < next {
			break
		}
		next = last + 1
	}
	if mark.Seq <= newest && mark.Topics <= j.state.count() && beyond == nil {
		if !e.shared {
			return mark.Seq, nil
		}
		// Several derive. One that ended in the midst of it may have put an older event over a newer one.
		early, err := j.After(ctx, mark.At.Add(-derivedBy))
		return min(mark.Seq, early), err
	}
	j.options.Log.Warn("the state is made again from the log", "applied", mark.Seq, "newest", newest, "topics", j.state.count(), "of", mark.Topics)
	return 0, j.forget(ctx, beyond)
}

// forget takes out of the stream of states what a lost history left there.
func (j *Journal) forget(ctx context.Context, topics []string) error {
	stream, err := j.engine.Load().js.Stream(ctx, stateStream)
	if err != nil {
		return err
	}
	for _, topic := range topics {
		err = errors.Join(err, stream.Purge(ctx, jetstream.WithPurgeSubject(stateSubject+topic)))
	}
	return err
}
