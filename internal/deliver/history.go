// What a feed sends from the journal itself: the state, and what is no longer in memory.

package deliver

import (
	"context"
	"errors"
	"time"

	"rtevent/internal/wire"
)

// sendState sends the last event of each topic. All of them lie at or before where the feed begins.
func (f *feed) sendState() error {
	for e, err := range f.state {
		if err != nil {
			return errors.Join(errLog, err)
		}
		if err := f.line(0, e.Line); err != nil { // without its number: it is no place to go on from
			return err
		}
	}
	f.state = nil
	f.at.Store(f.target)
	f.unsure.Store(false)
	return f.caughtUp()
}

// replay sends what is no longer in the tail, from the journal, until the tail is reached.
func (f *feed) replay(ctx context.Context) error {
	f.server.metrics.replays.Inc()
	marks := time.NewTicker(f.mark)
	defer marks.Stop()
	want, from := f.want(), f.at.Load()
	for e, err := range f.server.Log.Read(ctx, from) {
		var gap *wire.Gap
		switch {
		case errors.As(err, &gap):
			err = f.gap(gap)
		case err != nil:
			return errors.Join(errLog, err)
		case want == nil || want(e.Topic):
			err = f.line(e.Seq, e.Line)
		default:
			f.at.Store(e.Seq)
		}
		if err = errors.Join(err, f.caughtUp()); err != nil {
			return err
		}
		if e.Seq%256 == 0 {
			if err := f.due(ctx, marks.C); err != nil {
				return err
			}
			if after, _ := f.server.Log.Tail().Bounds(); after <= e.Seq {
				break
			}
		}
	}
	if err := f.out.Flush(); err != nil {
		return err
	}
	if f.at.Load() == from {
		return f.stuck(ctx, from)
	}
	return nil
}

// stuck is a journal that has nothing after a number which the tail no longer holds either: all of it was trimmed, or it
// will be there in a moment.
func (f *feed) stuck(ctx context.Context, at uint64) error {
	if b := f.server.Log.Bounds(); b.Oldest > at+1 {
		return f.gap(&wire.Gap{After: at, Before: b.Oldest, Reason: "trimmed"})
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}
