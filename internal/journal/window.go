package journal

// window knows the newest events by key, so that each is stored once. Its memory is bounded: the oldest key makes room
// for the newest. It is not safe for concurrent use.
type window struct {
	seqs map[key]uint64
	ring []key
	next int
}

func newWindow(size int) *window {
	return &window{seqs: make(map[key]uint64), ring: make([]key, 0, size)}
}

// seq returns the number under which an event was stored.
func (w *window) seq(k key) (uint64, bool) {
	seq, ok := w.seqs[k]
	return seq, ok
}

// add notes an event. Of one that is there already the first number counts.
func (w *window) add(k key, seq uint64) {
	if _, ok := w.seqs[k]; ok {
		return
	}
	if len(w.ring) < cap(w.ring) {
		w.ring = append(w.ring, k)
	} else {
		delete(w.seqs, w.ring[w.next])
		w.ring[w.next] = k
		w.next = (w.next + 1) % len(w.ring)
	}
	w.seqs[k] = seq
}
