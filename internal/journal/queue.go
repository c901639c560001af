package journal

import (
	"sync"

	"rtevent/internal/wire"
)

// item is a publication on its way.
type item struct {
	wire.Publication
	key  key
	done func(wire.Ack)
}

func (i *item) size() int { return len(i.Line) + len(i.Topic) + 128 }

// queue holds what waits to be stored and what is being stored. It is bounded by bytes: whoever adds more waits, and
// that is the back-pressure which publishers feel.
type queue struct {
	mu      sync.Mutex
	changed sync.Cond
	items   []*item
	bytes   int // of all that was added and is not done
	most    int
	closed  bool
}

func newQueue(most int) *queue {
	q := &queue{most: most}
	q.changed.L = &q.mu
	return q
}

// add waits for room; it returns false when the queue is closed.
func (q *queue) add(i *item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes > 0 && q.bytes+i.size() > q.most && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return false
	}
	q.bytes += i.size()
	q.items = append(q.items, i)
	q.changed.Broadcast()
	return true
}

// take waits for something and takes all there is; nothing when the queue is closed and empty, or once stop is closed and
// the queue was woken.
func (q *queue) take(spare []*item, stop <-chan struct{}) []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed && !isClosed(stop) {
		q.changed.Wait()
	}
	if isClosed(stop) {
		return nil
	}
	taken := q.items
	q.items = spare[:0]
	return taken
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// takeNow takes all there is.
func (q *queue) takeNow() []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.items
	q.items = nil
	return taken
}

// wake lets whoever waits look again.
func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.changed.Broadcast()
}

// waits is how many bytes wait or are being stored.
func (q *queue) waits() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// finish makes room again.
func (q *queue) finish(items []*item) {
	n := 0
	for _, i := range items {
		n += i.size()
	}
	q.mu.Lock()
	q.bytes -= n
	q.mu.Unlock()
	q.changed.Broadcast()
}

// close lets nobody in any more; what was added is still taken.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.changed.Broadcast()
}
