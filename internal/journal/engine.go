package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The streams of the engine.
const (
	logStream    = "RTEVENT_LOG"
	logSubject   = "rtevent.log." // and the topic
	stateStream  = "RTEVENT_STATE"
	stateSubject = "rtevent.state." // and the topic
)

const (
	engineStart = 30 * time.Second // for a log of millions of events without its index
	engineCall  = 10 * time.Second // for one question to it
)

// engine is JetStream and the ways to it.
type engine struct {
	server   *server.Server
	write    *nats.Conn // what is stored, and its acknowledgements
	read     *nats.Conn
	js       jetstream.JetStream
	log      jetstream.Stream
	logState jetstream.StreamState // as it was found
}

// openEngine starts the embedded server: it opens no port, and is reached in memory.
func openEngine(ctx context.Context, o Options) (*engine, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	s, err := server.NewServer(&server.Options{
		ServerName:         "rtevent",
		DontListen:         true,
		NoSigs:             true,
		JetStream:          true,
		StoreDir:           o.Dir,
		JetStreamMaxMemory: 64 << 20,
		JetStreamMaxStore:  maxStore(o),
		MaxPayload:         1 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", o.Dir, err)
	}
	s.SetLoggerV2(engineLog{o.Log}, false, false, false)
	s.Start()
	e := &engine{server: s}
	if err := e.connect(ctx, o); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// maxStore is what the engine may take at most: the log, and as much again for the state.
func maxStore(o Options) int64 { return 2*o.MaxBytes + 1<<30 }

func (e *engine) connect(ctx context.Context, o Options) (err error) {
	if !e.server.ReadyForConnections(engineStart) {
		return fmt.Errorf("open journal %s: the engine did not start within %v", o.Dir, engineStart)
	}
	for _, c := range []**nats.Conn{&e.write, &e.read} {
		*c, err = nats.Connect("", nats.InProcessServer(e.server), nats.Name("journal"), nats.NoReconnect())
		if err != nil {
			return fmt.Errorf("open journal %s: reach the engine: %w", o.Dir, err)
		}
	}
	if e.js, err = jetstream.New(e.read, jetstream.WithDefaultTimeout(engineCall)); err != nil {
		return err
	}
	return e.openStreams(ctx, o)
}

func (e *engine) openStreams(ctx context.Context, o Options) (err error) {
	for _, config := range []jetstream.StreamConfig{logConfig(o), stateConfig(o)} {
		stream, err := e.js.CreateOrUpdateStream(ctx, config)
		if err != nil {
			return fmt.Errorf("open journal %s: stream %s: %w", o.Dir, config.Name, err)
		}
		if config.Name == logStream {
			e.log, e.logState = stream, stream.CachedInfo().State
		}
	}
	return nil
}

// logConfig keeps history in one stretch: nothing can be taken out of its middle.
func logConfig(o Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        logStream,
		Description: "rt-event: every event, in the order of its number",
		Subjects:    []string{logSubject + ">"},
		Storage:     jetstream.FileStorage,
		Replicas:    1,
		MaxAge:      o.MaxAge,
		MaxBytes:    o.MaxBytes,
		Discard:     jetstream.DiscardOld,
		DenyDelete:  true,
		DenyPurge:   true,
		AllowDirect: true,
	}
}

// stateConfig keeps the last event of each topic. It is made from the log and can be made again.
func stateConfig(o Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              stateStream,
		Description:       "rt-event: the last event of each topic",
		Subjects:          []string{stateSubject + ">"},
		Storage:           jetstream.FileStorage,
		Replicas:          1,
		MaxMsgsPerSubject: 1,
		Discard:           jetstream.DiscardOld,
		AllowDirect:       true,
	}
}

// close ends the connections and the server, and waits until all is written.
func (e *engine) close() error {
	for _, c := range []*nats.Conn{e.write, e.read} {
		if c != nil {
			c.Close()
		}
	}
	e.server.Shutdown()
	e.server.WaitForShutdown()
	return nil
}

// blocks is the directory in which the engine keeps a stream's blocks.
func blocks(dir, stream string) string {
	return filepath.Join(dir, "jetstream", "$G", "streams", stream, "msgs")
}
