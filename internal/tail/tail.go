// Package tail is the newest stretch of the journal in memory, as the very bytes that travel.
//
// One writer appends lines to segments of 1 MiB; bytes that are written never change, so a reader is no more than a
// position and is handed the bytes themselves: nothing is copied and nothing is encoded for it. The oldest segment goes
// when the tail is full. A reader that is still there learns so by ErrBehind; it holds no segment back.
package tail

import (
	"errors"
	"slices"
	"sync"
)

// SegmentBytes is the size of a segment. A line that is longer has a segment of its own.
const SegmentBytes = 1 << 20

// ErrBehind says that what a reader wants next is no longer in memory.
var ErrBehind = errors.New("no longer in the tail")

// Line is an event as it travels, with its newline at the end.
type Line struct {
	Seq   uint64
	Topic string
	Bytes []byte
}

// Tail is the newest stretch of a journal. All methods may be called at any time from anywhere, except that there is one
// writer.
type Tail struct {
	mu       sync.Mutex
	keep     int
	segments []*segment // oldest first, never empty; lines are added to the last
	first    uint64     // how many segments went before segments[0]
	waiting  []*Reader
}

// segment is a stretch of lines. What is below the lengths of its slices never changes.
type segment struct {
	after  uint64 // the number of the line before its first
	buf    []byte
	lines  []line
	topics []string
	ids    map[string]uint32 // of topics; only while it grows
}

type line struct {
	seq   uint64
	end   uint32 // where it ends in buf
	topic uint32 // its place in topics
}

// New makes an empty tail that keeps up to about size bytes, two segments at least. The first line to be appended is the
// next after the number.
func New(size int, after uint64) *Tail {
	return &Tail{keep: max(2, size/SegmentBytes), segments: []*segment{{after: after}}}
}

// Append adds lines, whose numbers rise, and wakes the readers that want any of them. The bytes are copied. A number that
// does not follow on the one before is a gap in the journal: readers see it by Batch.First.
func (t *Tail) Append(lines ...Line) {
	if len(lines) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range lines {
		t.room(l).add(l)
	}
	t.wake()
}

// room is the segment where the line is added: the last, or a new one when that is full or there is a gap before the
// line, so that no segment has a gap inside.
func (t *Tail) room(l Line) *segment {
	last := t.segments[len(t.segments)-1]
	if len(last.lines) == 0 {
		last.buf, last.ids = make([]byte, 0, max(SegmentBytes, len(l.Bytes))), map[string]uint32{}
		return last
	}
	if len(last.buf)+len(l.Bytes) <= cap(last.buf) && l.Seq == last.newest()+1 {
		return last
	}
	last.ids = nil
	fresh := &segment{after: last.newest(), buf: make([]byte, 0, max(SegmentBytes, len(l.Bytes))), ids: map[string]uint32{}}
	t.segments = append(t.segments, fresh)
	if drop := len(t.segments) - t.keep; drop > 0 {
		t.segments = slices.Delete(t.segments, 0, drop)
		t.first += uint64(drop)
	}
	return fresh
}

func (s *segment) add(l Line) {
	id, known := s.ids[l.Topic]
	if !known {
		id = uint32(len(s.topics))
		s.topics = append(s.topics, l.Topic)
		s.ids[l.Topic] = id
	}
	s.buf = append(s.buf, l.Bytes...)
	s.lines = append(s.lines, line{seq: l.Seq, end: uint32(len(s.buf)), topic: id})
}

// newest is the number of its last line, or of the line before it.
func (s *segment) newest() uint64 {
	if len(s.lines) == 0 {
		return s.after
	}
	return s.lines[len(s.lines)-1].seq
}

// start is where a line begins in buf.
func (s *segment) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return s.lines[i-1].end
}

// Bounds are the numbers that the tail can be read after: from the one before its first line to that of its last.
func (t *Tail) Bounds() (after, newest uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.segments[0].after, t.segments[len(t.segments)-1].newest()
}

// From makes a reader of the lines after the number whose topics are wanted; nil wants all. It is asked from any
// goroutine, once for a topic in each segment. It is false when the number lies outside the tail's bounds.
func (t *Tail) From(after uint64, want func(topic string) bool) (*Reader, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if after < t.segments[0].after || after > t.segments[len(t.segments)-1].newest() {
		return nil, false
	}
	r := &Reader{tail: t, want: want, ready: make(chan struct{}, 1)}
	for i := len(t.segments) - 1; i >= 0; i-- {
		if s := t.segments[i]; s.after <= after {
			r.segment = t.first + uint64(i)
			r.line, _ = slices.BinarySearchFunc(s.lines, after+1, func(l line, seq uint64) int {
				if l.seq < seq {
					return -1
				}
				return 1
			})
			break
		}
	}
	return r, true
}
