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

	// Durability is Always by default. SyncEvery belongs to Interval: 100 ms by default, 1 ms to 1 min.
	Durability Durability
	SyncEvery  time.Duration

	// What is kept: events up to this age (30 days by default), up to this many bytes on disk (1 GiB by default, at
	// least 1 MiB). What exceeds it goes from the front, so that history is always one stretch without holes.
	MaxAge   time.Duration
	MaxBytes int64

	// MaxTopics bounds the memory of the state: events on further topics are refused. 1,000,000 by default; a topic costs
	// about 600 bytes.
	MaxTopics int

	// Window is how many of the newest events are known by source and id, so that a repeated publish of one of them is
	// stored once: 100,000 by default, 50 bytes each. It survives a restart.
	Window int

	// TailBytes is how much of the newest history lies in memory: 64 MiB by default.
	TailBytes int

	// FreeBytes is what must stay free on the disk: below it events are refused. 64 MiB by default.
	FreeBytes int64

	Log *slog.Logger
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
	switch {
	case o.Dir == "":
		return errors.New("open journal: no directory named")
	case o.Durability != Always && o.Durability != Interval && o.Durability != Process:
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

func orDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
