package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Durability is what an acknowledgement promises.
type Durability string

// The promises, the strongest first.
const (
	// Always: an acknowledged event survives a power cut. Whatever waits is written together and synced once.
	Always Durability = "always"

	// Interval: it survives the end of the process, and a power cut unless that comes within Options.SyncEvery.
	Interval Durability = "interval"

	// Process: it survives the end of the process. When it reaches the disk is for the operating system to say.
	Process Durability = "process"

	// Engine: it is as durable as the external engine that holds it makes it.
	Engine Durability = "engine"
)

// Options say where a journal lies, how much it keeps and what it promises. Zero values mean the defaults.
type Options struct {
	// Dir is the directory of the embedded engine; it is made if it is missing, for this user alone. Of one directory
	// there is one journal at a time.
	Dir string

	// Engine is the URL of an external NATS server or cluster, as nats.go takes it ("nats://a:4222,nats://b:4222"); empty for
	// the embedded one. Credentials, CA, Certificate and Key are files for it. The log is then as durable as that engine
	// makes it, its limits are those of the stream if it is there already, and Durability is Engine.
	Engine                            string
	Credentials, CA, Certificate, Key string

	// Replicas is how often an external engine or a cluster keeps each event: 3 by default in a cluster, 1 elsewhere.
	Replicas int

	// Cluster makes the embedded servers of several daemons one engine.
	Cluster *Cluster

	// Durability is Always by default. SyncEvery belongs to Interval: 100 ms by default, 1 ms to 1 min.
	Durability Durability
	SyncEvery  time.Duration

	// What is kept: events up to this age (30 days by default), up to this many bytes on disk (1 GiB by default, at
	// least 1 MiB). What exceeds it goes from the front, so that history is always one stretch without holes.
	MaxAge   time.Duration
	MaxBytes int64

	// MaxPerTopic is how many events of one topic are kept; 0 for any number. Because history has no holes, a topic that
	// exceeds it by a tenth takes the front of all history with it, up to its own oldest event that is kept. The last event of
	// each topic is never lost: the state has it.
	MaxPerTopic int

	// MaxTopics bounds the memory of the state: events on further topics are refused. 1,000,000 by default; a topic costs
	// about 400 bytes of heap.
	MaxTopics int

	// Window is how many of the newest events are known by source and id, so that a repeated publish of one of them is
	// stored once: 100,000 by default, 50 bytes each. It survives a restart.
	Window int

	// TailBytes is how much of the newest history lies in memory: 64 MiB by default.
	TailBytes int

	// FreeBytes is what must stay free on the disk: below it events are refused, at once. 64 MiB by default. A negative one
	// is not looked at: then an event is refused once the engine has run into the wall, after seconds.
	FreeBytes int64

	Log *slog.Logger `json:"-"`
}

// check fills in the defaults and says what is out of bounds.
func (o *Options) check() error {
	orDefault(&o.Durability, Always)
	orDefault(&o.SyncEvery, 100*time.Millisecond)
	orDefault(&o.MaxAge, 30*24*time.Hour)
	orDefault(&o.MaxBytes, 1<<30)
	orDefault(&o.MaxTopics, 1_000_000)
	orDefault(&o.Window, 100_000)
	orDefault(&o.TailBytes, 64<<20)
	orDefault(&o.FreeBytes, 64<<20)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Engine != "" {
		o.Durability = Engine
	}
	switch {
	case o.Dir == "" && o.Engine == "":
		return errors.New("open journal: no directory named")
	case o.Engine != "" && o.Cluster != nil:
		return errors.New("open journal: either an external engine or a cluster of embedded ones")
	case o.Engine == "" && o.Durability != Always && o.Durability != Interval && o.Durability != Process:
		return fmt.Errorf("open journal: durability %q: want %s, %s or %s", o.Durability, Always, Interval, Process)
	case o.SyncEvery < time.Millisecond || o.SyncEvery > time.Minute:
		return fmt.Errorf("open journal: sync every %v: want 1ms to 1m", o.SyncEvery)
	case o.MaxAge < time.Second:
		return fmt.Errorf("open journal: keep events for %v: want 1s at least", o.MaxAge)
	case o.MaxBytes < 1<<20:
		return fmt.Errorf("open journal: keep %d bytes: want 1 MiB at least", o.MaxBytes)
	}
	return nil
}

func (o *Options) replicas() int {
	switch {
	case o.Replicas > 0:
		return o.Replicas
	case o.Cluster != nil:
		return 3
	}
	return 1
}

func orDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
