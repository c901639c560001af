package tail

import (
	"context"
	"iter"
	"slices"
)

// BatchBytes is about how much one Batch carries at most: what one write is worth.
const BatchBytes = 256 << 10

// Reader is a position in a tail. It belongs to one goroutine. It needs no closing, except by Stop when it waits.
type Reader struct {
	tail  *Tail
	want  func(topic string) bool
	ready chan struct{}

	// Guarded by the tail's lock, for the writer moves a waiting reader on over what it does not want.
	segment uint64 // counted from the tail's first ever
	line    int    // in segment; the next to read
	waits   bool
	listed  bool // in the tail's list of those that wait

	decided []decision // by topic of decidedOf
	decOf   *segment
	picked  []int32
}

type decision byte

const (
	unasked decision = iota
	unwanted
	wanted
)

// Batch is a stretch of lines as they lie in the tail. Its bytes are shared: to be read only. It is valid until the
// reader's next call.
type Batch struct {
	After       uint64 // the number before First; less than First-1 where the journal has a gap
	First, Last uint64 // the numbers that it covers, wanted or not
	Count       int    // how many lines of those are wanted; 0 only after a gap

	buf    []byte
	lines  []line
	start  uint32  // where the first of lines begins in buf
	picked []int32 // the wanted ones; nil for all
}

// Poll returns the next lines at once, or false when there is none that is wanted. It fails with ErrBehind.
func (r *Reader) Poll() (Batch, bool, error) {
	for {
		b, topics, err := r.next()
		if err != nil || len(b.lines) == 0 {
			return Batch{}, false, err
		}
		b.First, b.Last, b.Count = b.lines[0].seq, b.lines[len(b.lines)-1].seq, len(b.lines)
		if r.want != nil {
			r.pick(&b, topics)
		}
		if b.Count > 0 || b.First != b.After+1 {
			return b, true, nil
		}
	}
}

// At is the number of the last line before the reader, wanted or not. After ErrBehind it is 0.
func (r *Reader) At() uint64 {
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	if s := r.stand(); s != nil {
		return s.before(r.line)
	}
	return 0
}

// next takes the stretch at which the reader stands and moves the reader behind it.
func (r *Reader) next() (b Batch, topics []string, err error) {
	t := r.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	r.waits = false
	s := r.stand()
	if s == nil {
		return b, nil, ErrBehind
	}
	if r.line == len(s.lines) {
		return b, nil, nil
	}
	b.After, b.buf, b.start = s.before(r.line), s.buf, s.start(r.line)
	b.lines = s.lines[r.line:s.cut(r.line)]
	r.line += len(b.lines)
	return b, s.topics, nil
}

// stand moves the reader over the ends of segments and returns the one that it stands in, or nil if that is gone. The
// tail is locked.
func (r *Reader) stand() *segment {
	t := r.tail
	for r.segment >= t.first {
		i := r.segment - t.first
		s := t.segments[i]
		if r.line < len(s.lines) || i == uint64(len(t.segments)-1) {
			if r.decOf != s {
				r.decOf, r.decided = s, r.decided[:0]
			}
			return s
		}
		r.segment++
		r.line = 0
	}
	return nil
}

// cut is the end of a batch that begins at the line.
func (s *segment) cut(from int) int {
	most := s.start(from) + BatchBytes
	if s.lines[len(s.lines)-1].end <= most {
		return len(s.lines)
	}
	n, _ := slices.BinarySearchFunc(s.lines[from:], most+1, func(l line, end uint32) int { return int(l.end) - int(end) })
	return from + max(1, n)
}

// before is the number of the line before the i-th.
func (s *segment) before(i int) uint64 {
	if i == 0 {
		return s.after
	}
	return s.lines[i-1].seq
}

// pick chooses the wanted lines of a batch.
func (r *Reader) pick(b *Batch, topics []string) {
	r.picked = r.picked[:0]
	for i := range b.lines {
		if r.wants(topics, b.lines[i].topic) {
			r.picked = append(r.picked, int32(i))
		}
	}
	if b.Count = len(r.picked); b.Count < len(b.lines) {
		b.picked = r.picked
	}
}

func (r *Reader) wants(topics []string, topic uint32) bool {
	if int(topic) >= len(r.decided) {
		r.decided = append(r.decided, make([]decision, len(topics)-len(r.decided))...)
	}
	if r.decided[topic] == unasked {
		r.decided[topic] = unwanted
		if r.want(topics[topic]) {
			r.decided[topic] = wanted
		}
	}
	return r.decided[topic] == wanted
}

// Ready returns a channel that receives once when Poll has something to tell. Until then the reader sleeps and costs the
// writer one look at each line's topic.
func (r *Reader) Ready() <-chan struct{} {
	t := r.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.waits {
		return r.ready
	}
	select {
	case <-r.ready: // of an earlier wait
	default:
	}
	if r.skip() {
		r.ready <- struct{}{}
		return r.ready
	}
	if r.waits = true; !r.listed {
		r.listed = true
		t.waiting = append(t.waiting, r)
	}
	return r.ready
}

// Stop ends a wait. Whoever leaves a reader that waits calls it, so that the tail forgets the reader.
func (r *Reader) Stop() {
	t := r.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	r.waits = false
	if i := slices.Index(t.waiting, r); r.listed && i >= 0 {
		last := len(t.waiting) - 1
		t.waiting[i], t.waiting[last] = t.waiting[last], nil
		t.waiting = t.waiting[:last]
		r.listed = false
	}
}

// Next waits for the next lines and returns them. It fails with ErrBehind or when ctx ends.
func (r *Reader) Next(ctx context.Context) (Batch, error) {
	for {
		b, ok, err := r.Poll()
		if ok || err != nil {
			return b, err
		}
		select {
		case <-ctx.Done():
			r.Stop()
			return Batch{}, ctx.Err()
		case <-r.Ready():
		}
	}
}

// wake wakes the waiting readers that have something to read, and moves the others on. The tail is locked.
func (t *Tail) wake() {
	asleep := t.waiting[:0]
	for _, r := range t.waiting {
		if r.waits && !r.skip() {
			asleep = append(asleep, r)
			continue
		}
		if r.listed = false; r.waits {
			r.waits = false
			r.ready <- struct{}{}
		}
	}
	clear(t.waiting[len(asleep):])
	t.waiting = asleep
}

// skip moves a reader on over what it does not want, and tells whether it now stands before something to tell of. The
// tail is locked.
func (r *Reader) skip() bool {
	for {
		s := r.stand()
		if s == nil {
			return true // ErrBehind
		}
		if r.line == len(s.lines) {
			return false
		}
		for ; r.line < len(s.lines); r.line++ {
			l := s.lines[r.line]
			if r.want == nil || l.seq != s.before(r.line)+1 || r.wants(s.topics, l.topic) {
				return true
			}
		}
	}
}

// Buffers adds the bytes of the wanted lines to dst, neighbours as one stretch.
func (b Batch) Buffers(dst [][]byte) [][]byte {
	if b.Count == len(b.lines) {
		return append(dst, b.bytes(0, len(b.lines)-1))
	}
	for i := 0; i < len(b.picked); {
		first, last := b.picked[i], b.picked[i]
		for i++; i < len(b.picked) && b.picked[i] == last+1; i++ {
			last++
		}
		dst = append(dst, b.bytes(int(first), int(last)))
	}
	return dst
}

// Lines are the wanted lines, each with its number.
func (b Batch) Lines() iter.Seq2[uint64, []byte] {
	return func(yield func(uint64, []byte) bool) {
		for n := range b.Count {
			i := n
			if b.picked != nil {
				i = int(b.picked[n])
			}
			if !yield(b.lines[i].seq, b.bytes(i, i)) {
				return
			}
		}
	}
}

// bytes are those of the lines from the first to the last.
func (b Batch) bytes(first, last int) []byte {
	start := b.start
	if first > 0 {
		start = b.lines[first-1].end
	}
	return b.buf[start:b.lines[last].end]
}
