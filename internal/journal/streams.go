package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams of the engine.
const (
	logStream    = "RTEVENT_LOG"
	logSubject   = "rtevent.log." // and the topic
	stateStream  = "RTEVENT_STATE"
	stateSubject = "rtevent.state." // and the topic

	epochKey = "rtevent-epoch" // in the log's metadata, where there is no file of our own
)

const openTry = 2 * time.Second // for one attempt: the answer of a leader that has just died never comes

// The engine's errors that waiting does not mend.
const (
	noStorage = 10047 // the stream may become larger than the engine
	badConfig = 10052
)

var errForeign = errors.New("it exists and is none of rtevent's: it needs allow_direct, and the log deny_delete, deny_purge and no limit by subject")

// openStreams makes the streams, or sees that they are as they ought to be.
func (e *engine) openStreams(ctx context.Context, o Options) error {
	for _, config := range []jetstream.StreamConfig{e.logConfig(o), e.stateConfig(o)} {
		stream, err := e.openStream(ctx, o, config)
		if err != nil {
			return fmt.Errorf("open journal: stream %s: %w", config.Name, err)
		}
		if config.Name == logStream {
			e.log = stream
			if e.found, err = stream.Info(ctx); err != nil {
				return fmt.Errorf("open journal: stream %s: %w", config.Name, err)
			}
		}
	}
	return nil
}

// openStream asks again for as long as a cluster has no leader.
func (e *engine) openStream(ctx context.Context, o Options, config jetstream.StreamConfig) (stream jetstream.Stream, err error) {
	for {
		asked, cancel := context.WithTimeout(ctx, openTry)
		stream, err = e.openStreamOnce(asked, config)
		cancel()
		if err == nil || !e.shared && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return stream, err
		}
		var api *jetstream.APIError
		if errors.Is(err, errForeign) || errors.As(err, &api) && (api.ErrorCode == noStorage || api.ErrorCode == badConfig) {
			return nil, err
		}
		o.Log.Info("waiting for the engine", "stream", config.Name, "err", err)
		select {
		case <-time.After(time.Second / 2):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (e *engine) openStreamOnce(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	if !e.shared {
		return e.js.CreateOrUpdateStream(ctx, config)
	}
	// What others use, too, is taken as it is: whoever runs the engine may have set its limits otherwise.
	stream, err := e.js.Stream(ctx, config.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = e.js.CreateStream(ctx, config)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another was faster
			stream, err = e.js.Stream(ctx, config.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	have := stream.CachedInfo().Config
	if !have.AllowDirect || config.DenyDelete && !(have.DenyDelete && have.DenyPurge && have.MaxMsgsPerSubject <= 0) {
		return nil, errForeign
	}
	return stream, nil
}

// logConfig keeps history in one stretch: nothing can be taken out of its middle.
func (e *engine) logConfig(o Options) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name:        logStream,
		Description: "rt-event: every event, in the order of its number",
		Subjects:    []string{logSubject + ">"},
		Storage:     jetstream.FileStorage,
		Replicas:    o.replicas(),
		MaxAge:      o.MaxAge,
		MaxBytes:    o.MaxBytes,
		Discard:     jetstream.DiscardOld,
		DenyDelete:  true,
		DenyPurge:   true,
		AllowDirect: true,
		Duplicates:  min(o.MaxAge, 2*time.Minute),
	}
	if e.shared {
		c.Metadata = map[string]string{epochKey: newEpoch()}
	}
	return c
}

// stateConfig keeps the last event of each topic. It is made from the log and can be made again.
func (e *engine) stateConfig(o Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              stateStream,
		Description:       "rt-event: the last event of each topic",
		Subjects:          []string{stateSubject + ">", appliedSubject},
		Storage:           jetstream.FileStorage,
		Replicas:          o.replicas(),
		MaxMsgsPerSubject: 1,
		Discard:           jetstream.DiscardOld,
		AllowDirect:       true,
	}
}
