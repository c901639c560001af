// One timer for all that is held back; none while nothing is.

package live

import (
	"container/heap"
	"context"
	"time"
)

// alarms are the entries that wait for a time, the next one first.
type alarms struct {
	heap alarmHeap
	news chan struct{} // the next one is another
}

type alarm struct {
	at    time.Time
	entry *entry
}

func newAlarms() alarms { return alarms{news: make(chan struct{}, 1)} }

// wake wakes an entry at a time; an earlier call for it counts no more.
func (l *Live) wake(e *entry, at time.Time) {
	e.due = at
	heap.Push(&l.alarms.heap, alarm{at, e})
	if l.alarms.heap[0].entry == e {
		select {
		case l.alarms.news <- struct{}{}:
		default:
		}
	}
}

// keepTime wakes whoever is due, until ctx is done.
func (l *Live) keepTime(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next, any := l.ring(ctx); any {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-l.alarms.news:
		case <-ctx.Done():
			return
		}
	}
}

// ring wakes all that are due and tells when the next one is.
func (l *Live) ring(ctx context.Context) (next time.Time, any bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.alarms.heap) > 0 {
		first := l.alarms.heap[0]
		if time.Now().Before(first.at) {
			return first.at, true
		}
		heap.Pop(&l.alarms.heap)
		if first.entry.due.Equal(first.at) {
			l.dueNow(ctx, first.entry)
		}
	}
	return time.Time{}, false
}

type alarmHeap []alarm

func (h alarmHeap) Len() int           { return len(h) }
func (h alarmHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarmHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *alarmHeap) Push(x any)        { *h = append(*h, x.(alarm)) }
func (h *alarmHeap) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = alarm{}
	*h = (*h)[:len(*h)-1]
	return last
}
