package sweep

import (
	"context"
	"sync"
	"time"
)

// rate spaces what is started in time. The zero value does not.
type rate struct {
	every time.Duration // between two starts

	mu   sync.Mutex
	next time.Time
}

// late is how much of the schedule may be caught up with: timers do not wake to the microsecond.
const late = 10 * time.Millisecond

func perSecond(n int) *rate {
	if n <= 0 {
		return &rate{}
	}
	return &rate{every: time.Second / time.Duration(n)}
}

// wait waits until one more may start.
func (r *rate) wait(ctx context.Context) error {
	if r.every == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Until(r.take(1)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take reserves n starts and returns when the first of them is due.
func (r *rate) take(n int) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if earliest := time.Now().Add(-late); r.next.Before(earliest) {
		r.next = earliest
	}
	due := r.next
	r.next = due.Add(time.Duration(n) * r.every)
	return due
}
