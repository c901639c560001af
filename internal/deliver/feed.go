// A feed is one subscription: a position in the journal, and what is sent from there.

package deliver

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"rtevent"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// sink is where a feed goes: one per dialect. A sink may be used by others beside the feed; each call writes whole lines.
type sink interface {
	// Batch writes the lines. When the other side takes them too slowly to be waited for, it ends with the line begun and
	// returns *cut.
	Batch(b tail.Batch) error

	// Line keeps a line until Flush; it flushes by itself when that is worth a write. The number is 0 for an event of the state.
	Line(seq uint64, line []byte) error
	Flush() error

	// Word writes a control word, after the lines.
	Word(w wire.Word) error
}

// cut is a batch that ended early, behind the line of the number.
type cut struct{ seq uint64 }

func (*cut) Error() string { return "the batch was cut short" }

// errEnough ends a feed that has sent all that was asked for.
var errEnough = errors.New("all that was asked for is sent")

// errLog says that the journal failed, not the other side.
var errLog = errors.New("read the journal")

type feed struct {
	server *Server
	out    sink
	peer   peer
	topics []string
	types  []string
	start  wire.Start
	mark   time.Duration

	wrote time.Time // when follow sent last

	limit int  // how many events are sent at most; 0: no limit
	until bool // end where it is live

	epoch  string
	at     atomic.Uint64 // everything that matches up to here has been sent
	unsure atomic.Bool   // the state is being sent: until all of it has been there is nothing to go on from
	target uint64        // live from here on
	live   bool
	sent   int

	state      iter.Seq2[wire.Entry, error] // to be sent first
	generation uint64                       // of the rights that it was allowed by
	reader     *tail.Reader
}

// newFeed makes a feed of what is asked for, or says why it is refused.
func (s *Server) newFeed(r wire.Request, p peer, out sink) (*feed, *wire.Error) {
	f := &feed{server: s, out: out, peer: p, topics: r.Topics, types: r.Types, start: r.From, mark: r.Mark}
	if len(f.topics) == 0 {
		f.topics = []string{">"}
	}
	if f.mark == 0 {
		f.mark = wire.DefaultMark
	}
	if fault := r.CheckFilters(); fault != nil {
		return nil, fault
	}
	return f, f.allowed()
}

// allowed asks again whether the subscription is allowed: tokens are withdrawn, and certificates expire.
func (f *feed) allowed() *wire.Error {
	f.generation = f.server.Access.generation.Load()
	rights, fault := f.server.Access.Of(f.peer)
	if fault != nil {
		return fault
	}
	return rights.MaySubscribe(f.topics)
}

// want chooses by topic; nil wants all.
func (f *feed) want() func(string) bool {
	if slices.Contains(f.topics, ">") {
		return nil
	}
	topics := f.topics
	return func(topic string) bool {
		for _, t := range topics {
			if rtevent.MatchTopic(t, topic) {
				return true
			}
		}
		return false
	}
}

func (f *feed) cursor(seq uint64) string {
	return rtevent.Cursor{Epoch: f.epoch, Seq: seq}.String()
}

// begin finds where the feed begins. A start that cannot be met exactly is a reset: the word to answer with.
func (f *feed) begin(ctx context.Context) (*wire.Word, error) {
	b := f.server.Log.Bounds()
	f.epoch, f.target = b.Epoch, b.Newest
	reset := func(reason string) *wire.Word {
		return &wire.Word{RT: "reset", Reason: reason, Oldest: f.cursor(b.Oldest), Newest: f.cursor(b.Newest)}
	}
	switch f.start.Where {
	case "oldest":
		f.at.Store(b.Oldest - 1)
	case "after":
		switch c := f.start.Cursor; {
		case c.Epoch != b.Epoch:
			return reset("epoch"), nil
		case c.Seq > b.Newest:
			return reset("future"), nil
		case c.Seq+1 < b.Oldest:
			return reset("trimmed"), nil
		}
		f.at.Store(f.start.Cursor.Seq)
	case "at":
		after, err := f.server.Log.After(ctx, f.start.Time)
		if err != nil {
			return nil, err
		}
		f.at.Store(after)
	case "state":
		match := f.want()
		if match == nil {
			match = func(string) bool { return true }
		}
		f.target, f.state = f.server.Log.State(ctx, match)
		f.at.Store(f.target)
		f.unsure.Store(true)
	default:
		f.at.Store(b.Newest)
	}
	return nil, nil
}

// ok is the answer to a subscription that has begun.
func (f *feed) ok() wire.Word { return wire.Word{RT: "ok", At: f.cursor(f.at.Load())} }

// run sends what comes after ok until the other side or the server has enough. It returns why, and leaves the good-bye to the caller.
func (f *feed) run(ctx context.Context) error {
	f.server.metrics.subscribers.Inc()
	defer f.server.metrics.subscribers.Dec()
	defer f.leave()
	if f.state != nil {
		if err := f.sendState(); err != nil {
			return err
		}
	}
	for {
		err := f.follow(ctx)
		var short *cut
		switch {
		case errors.As(err, &short):
			f.server.metrics.stalls.Inc()
			f.at.Store(short.seq)
		case errors.Is(err, tail.ErrBehind):
			f.server.metrics.behind.Inc()
			if err := f.replay(ctx); err != nil {
				return err
			}
		default:
			return err
		}
		f.leave()
	}
}

// leave gives up the place in the tail.
func (f *feed) leave() {
	if f.reader != nil {
		f.reader.Stop()
		f.reader = nil
	}
}

// follow sends the tail as it grows.
func (f *feed) follow(ctx context.Context) error {
	var ok bool
	if f.reader, ok = f.server.Log.Tail().From(f.at.Load(), f.want()); !ok {
		return tail.ErrBehind
	}
	marks := time.NewTicker(f.mark)
	defer marks.Stop()
	for {
		if err := f.due(ctx, marks.C); err != nil {
			return err
		}
		b, some, err := f.reader.Poll()
		switch {
		case err != nil:
			return err
		case some:
			if err := f.batch(b); err != nil {
				return err
			}
			f.breathe(b.Count)
			continue
		}
		f.at.Store(f.reader.At())
		if err := f.caughtUp(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-f.server.draining:
		case <-f.reader.Ready():
		case <-marks.C:
			f.at.Store(f.reader.At())
			if err := f.bookmark(); err != nil {
				return err
			}
		}
	}
}

// pace is how far apart small writes to one subscriber lie. What comes in between goes together: at thousands of events a
// second that is most of what delivering them costs.
const pace = time.Millisecond

// breathe waits for more to come when the last two writes were small and close together.
func (f *feed) breathe(sent int) {
	const worth = 256 // events
	since := time.Since(f.wrote)
	if sent < worth && since < pace {
		time.Sleep(pace - since)
	}
	f.wrote = time.Now()
}

// due does what is to be done from time to time, however much there is to send.
func (f *feed) due(ctx context.Context, marks <-chan time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-f.server.draining:
		return draining()
	case <-marks:
		if err := f.bookmark(); err != nil {
			return err
		}
	default:
	}
	if f.peer.cert == nil && f.server.Access.generation.Load() == f.generation {
		return nil
	}
	return asError(f.allowed())
}

// bookmark sends a mark.
func (f *feed) bookmark() error {
	if f.server.Log.Bounds().Epoch != f.epoch {
		return wire.Errorf(wire.Unavailable, "the journal began a new epoch: subscribe anew")
	}
	return f.out.Word(wire.Word{RT: "mark", At: f.cursor(f.at.Load())})
}

// caughtUp says once that the feed is live.
func (f *feed) caughtUp() error {
	if f.live || f.at.Load() < f.target {
		return nil
	}
	f.live = true
	if err := f.out.Word(wire.Word{RT: "live", At: f.cursor(f.at.Load())}); err != nil {
		return err
	}
	if f.until {
		return errEnough
	}
	return nil
}

// batch sends a stretch of the tail.
func (f *feed) batch(b tail.Batch) error {
	if b.First != b.After+1 {
		if err := f.gap(&wire.Gap{After: b.After, Before: b.First, Reason: "damaged"}); err != nil {
			return err
		}
	}
	if len(f.types) > 0 || f.limit > 0 {
		for seq, line := range b.Lines() {
			if err := f.line(seq, line); err != nil {
				return err
			}
		}
		if err := f.out.Flush(); err != nil {
			return err
		}
	} else if b.Count > 0 {
		if err := f.out.Batch(b); err != nil {
			return err
		}
		f.server.metrics.delivered.Add(float64(b.Count))
	}
	f.at.Store(b.Last)
	return f.caughtUp()
}

// line sends one event, if its type is wanted.
func (f *feed) line(seq uint64, line []byte) error {
	if len(f.types) == 0 || slices.Contains(f.types, wire.TypeOf(line)) {
		if err := f.out.Line(seq, line); err != nil {
			return err
		}
		f.server.metrics.delivered.Inc()
		f.sent++
	}
	f.at.Store(seq)
	if f.limit > 0 && f.sent == f.limit {
		_ = f.out.Flush()
		return errEnough
	}
	return nil
}

func (f *feed) gap(g *wire.Gap) error {
	f.server.metrics.gaps.WithLabelValues(g.Reason).Inc()
	f.at.Store(g.Before - 1)
	return f.out.Word(wire.Word{RT: "gap", At: f.cursor(g.Before - 1), After: f.cursor(g.After), Before: f.cursor(g.Before), Count: g.Before - g.After - 1, Reason: g.Reason})
}

// draining is the fault of a server that shuts down.
func draining() *wire.Error {
	fault := wire.Errorf(wire.Unavailable, "the server shuts down")
	fault.Name, fault.Retry, fault.AfterMS = "draining", "yes", 0
	return fault
}

// asError makes a nil fault a nil error.
func asError(fault *wire.Error) error {
	if fault == nil {
		return nil
	}
	return fault
}

// goodbye is the last word of a feed that ended for a reason that the other side can still be told, or nil.
func (f *feed) goodbye(err error) *wire.Word {
	var fault *wire.Error
	switch {
	case errors.As(err, &fault):
	case errors.Is(err, wire.ErrUnavailable):
		fault = wire.Errorf(wire.Unavailable, "the journal is not available")
	case errors.Is(err, errLog):
		fault = wire.Errorf(wire.Internal, "the journal cannot be read")
	default:
		return nil
	}
	w := fault.Word("bye")
	w.At = f.position()
	return &w
}

// position is the cursor to go on from, or "" while there is none.
func (f *feed) position() string {
	if f.unsure.Load() {
		return ""
	}
	return f.cursor(f.at.Load())
}
