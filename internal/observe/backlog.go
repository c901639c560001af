// Keeps what happened until there is time for it, in bounded memory.

package observe

import "sync"

// defaultBacklog is how many happenings are kept at most: 84 MB, which a storm of half a million listeners that open
// and close at once does not fill, however slowly they are taken. It takes no memory while nothing waits.
const defaultBacklog = 1 << 20

// chunk is by how many happenings a backlog grows and is emptied.
const chunk = 1024

// backlog is a queue between those who listen to the kernel, who must never wait, and the one who tells. When it is full,
// what comes is counted and dropped.
type backlog struct {
	most int

	// filled gets a word when there is something to take.
	filled chan struct{}

	mu     sync.Mutex
	chunks [][]happening
	count  int
	lost   uint64
}

func newBacklog(most int) *backlog {
	if most <= 0 {
		most = defaultBacklog
	}
	return &backlog{most: most, filled: make(chan struct{}, 1)}
}

// push never waits.
func (b *backlog) push(h happening) {
	b.mu.Lock()
	if b.count >= b.most {
		b.lost++
		b.mu.Unlock()
		return
	}
	if last := len(b.chunks) - 1; last < 0 || len(b.chunks[last]) == chunk {
		b.chunks = append(b.chunks, nil) // it grows as it must: mostly there is one happening and no more
	}
	last := len(b.chunks) - 1
	b.chunks[last] = append(b.chunks[last], h)
	b.count++
	b.mu.Unlock()
	select {
	case b.filled <- struct{}{}:
	default: // the word is there already
	}
}

// take returns the oldest chunk; nil when there is nothing.
func (b *backlog) take() []happening {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.chunks) == 0 {
		return nil
	}
	oldest := b.chunks[0]
	b.chunks = b.chunks[1:]
	if len(b.chunks) == 0 {
		b.chunks = nil
	}
	b.count -= len(oldest)
	return oldest
}

// overflowed is how many were dropped so far.
func (b *backlog) overflowed() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}
