package tail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

func numbered(seq uint64, topic string, size int) Line {
	text := fmt.Sprintf("%d %s ", seq, topic)
	return Line{Seq: seq, Topic: topic, Bytes: []byte(text + strings.Repeat("x", max(0, size-len(text)-1)) + "\n")}
}

// read takes lines until the number has been covered, and returns the numbers of the wanted ones.
func read(t *testing.T, r *Reader, until uint64) (seqs []uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for last := uint64(0); last < until; {
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after %d: %v", last, err)
		}
		var joined []byte
		for seq, bytes := range b.Lines() {
			if want := fmt.Sprintf("%d ", seq); !strings.HasPrefix(string(bytes), want) || bytes[len(bytes)-1] != '\n' {
				t.Fatalf("line %d is %q", seq, bytes)
			}
			joined = append(joined, bytes...)
			seqs = append(seqs, seq)
		}
		if together := bytes.Join(b.Buffers(nil), nil); !bytes.Equal(together, joined) {
			t.Fatalf("%d..%d: Buffers hold %d bytes, Lines %d", b.First, b.Last, len(together), len(joined))
		}
		last = b.Last
	}
	return seqs
}

// TestEveryReaderReadsAll lets one writer and readers of all kinds run at once: each sees every wanted line once, in
// order, while there is room for all.
func TestEveryReaderReadsAll(t *testing.T) {
	const lines = 40_000
	tail := New(64*SegmentBytes, 0)
	var readers sync.WaitGroup
	for i := range 8 {
		topic := fmt.Sprintf("t%d", i%4)
		want, step := func(s string) bool { return s == topic }, uint64(4)
		if i >= 4 {
			want, step = nil, 1
		}
		r, ok := tail.From(0, want)
		if !ok {
			t.Fatal("From(0) of an empty tail is refused")
		}
		readers.Go(func() {
			until := uint64(lines - 3 + i%4)
			if want == nil {
				until = lines
			}
			seqs := read(t, r, until)
			if uint64(len(seqs)) != lines/step {
				t.Errorf("reader %d read %d lines, want %d", i, len(seqs), lines/step)
			}
			for n, seq := range seqs[1:] {
				if seq != seqs[n]+step {
					t.Errorf("reader %d: %d after %d", i, seq, seqs[n])
				}
			}
		})
	}
	for seq := uint64(1); seq <= lines; {
		var batch []Line
		for range 1 + rand.IntN(9) {
			if seq <= lines {
				batch = append(batch, numbered(seq, fmt.Sprintf("t%d", (seq-1)%4), 100+rand.IntN(300)))
				seq++
			}
		}
		tail.Append(batch...)
	}
	readers.Wait()
}

// TestBehind holds that the memory is bounded, that a slow reader is told, and that one that waits is never behind on
// account of what it does not want.
func TestBehind(t *testing.T) {
	tail := New(2*SegmentBytes, 41)
	slow, _ := tail.From(41, nil)
	choosy, _ := tail.From(41, func(s string) bool { return s == "wanted" })
	ready := choosy.Ready()
	for seq := uint64(42); seq < 30_000; seq++ {
		tail.Append(numbered(seq, "other", 300))
	}
	if len(tail.segments) != 2 {
		t.Errorf("%d segments are kept, want 2", len(tail.segments))
	}
	if _, _, err := slow.Poll(); !errors.Is(err, ErrBehind) {
		t.Errorf("the slow reader got %v, want ErrBehind", err)
	}
	if _, ok := tail.From(41, nil); ok {
		t.Error("From accepts a number that is gone")
	}
	select {
	case <-ready:
		t.Fatal("the choosy reader was woken for nothing")
	default:
	}
	tail.Append(numbered(30_000, "wanted", 300))
	<-ready
	if seqs := read(t, choosy, 30_000); len(seqs) != 1 || seqs[0] != 30_000 {
		t.Errorf("the choosy reader read %v", seqs)
	}
}

func TestFrom(t *testing.T) {
	tail := New(4*SegmentBytes, 100)
	if _, ok := tail.From(99, nil); ok {
		t.Error("From(99) before the beginning")
	}
	if _, ok := tail.From(101, nil); ok {
		t.Error("From(101) beyond the end")
	}
	for seq := uint64(101); seq <= 8_000; seq++ {
		tail.Append(numbered(seq, "t", 300))
	}
	for _, after := range []uint64{100, 101, 3_595, 3_596, 3_597, 7_999} {
		r, ok := tail.From(after, nil)
		if !ok {
			t.Fatalf("From(%d) is refused", after)
		}
		if seqs := read(t, r, 8_000); seqs[0] != after+1 {
			t.Errorf("From(%d) begins with %d", after, seqs[0])
		}
	}
	r, ok := tail.From(8_000, nil)
	if _, more, err := r.Poll(); !ok || more || err != nil {
		t.Errorf("From(newest): %v %v %v, want nothing yet", ok, more, err)
	}
}

// TestGap holds that a hole in the numbers is seen by every reader, also by one whom nothing beside it concerns.
func TestGap(t *testing.T) {
	for _, waits := range []bool{false, true} {
		tail := New(2*SegmentBytes, 0)
		r, _ := tail.From(0, func(string) bool { return false })
		var ready <-chan struct{}
		if waits {
			ready = r.Ready()
		}
		tail.Append(numbered(1, "t", 50), numbered(2, "t", 50), numbered(9, "t", 50), numbered(10, "t", 50))
		if waits {
			<-ready
		}
		b, ok, err := r.Poll()
		if !ok || err != nil || b.After != 2 || b.First != 9 || b.Count != 0 || b.Buffers(nil) != nil {
			t.Errorf("got %+v %v %v, want a batch without lines after 2, from 9", b, ok, err)
		}
	}
}

// TestStop holds that a reader that left is forgotten, and that waiting again and again lists it once.
func TestStop(t *testing.T) {
	tail := New(0, 0)
	a, _ := tail.From(0, nil)
	b, _ := tail.From(0, nil)
	for range 3 {
		a.Ready()
		b.Ready()
		a.Poll()
	}
	if len(tail.waiting) != 2 {
		t.Errorf("%d readers wait, want 2", len(tail.waiting))
	}
	a.Stop()
	b.Stop()
	b.Stop()
	if len(tail.waiting) != 0 {
		t.Errorf("%d readers wait, want none", len(tail.waiting))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Next with an ended context: %v", err)
	}
}

func TestLongLine(t *testing.T) {
	tail := New(3*SegmentBytes, 0)
	r, _ := tail.From(0, nil)
	tail.Append(numbered(1, "t", 10), numbered(2, "t", 3*SegmentBytes), numbered(3, "t", 10))
	if seqs := read(t, r, 3); len(seqs) != 3 {
		t.Errorf("read %v", seqs)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, readers := range []int{0, 100} {
		b.Run(fmt.Sprintf("choosy=%d", readers), func(b *testing.B) {
			tail := New(8*SegmentBytes, 0)
			for range readers {
				r, _ := tail.From(0, func(s string) bool { return false })
				r.Ready()
			}
			l := numbered(1, "some.topic", 300)
			for b.Loop() {
				tail.Append(l)
				l.Seq++
			}
		})
	}
}
