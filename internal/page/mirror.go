package page

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// mirror keeps a row for each listener. It reads the state once and then the tail, whenever somebody looks and, while
// follow runs, every second.
type mirror struct {
	source Source

	mu     sync.Mutex
	epoch  string
	at     uint64 // what is below is the state at this number
	states map[string]*row
	sorted []*row // of states, the default order; nil when it has to be made again
	reader *tail.Reader
}

// moment is the listeners at a place in the journal.
type moment struct {
	At   rtevent.Cursor
	rows []*row // shared: to be read only
}

// now is the state at the newest number.
func (m *mirror) now(ctx context.Context) (moment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.catchUp(ctx); err != nil {
		return moment{}, err
	}
	if m.sorted == nil {
		m.sorted = inOrder(maps.Values(m.states))
	}
	return moment{rtevent.Cursor{Epoch: m.epoch, Seq: m.at}, m.sorted}, nil
}

// followEvery is how often follow reads: whoever looks has it read at once, so all that counts is to be there before the
// tail has moved on.
const followEvery = time.Second

// follow reads the tail until ctx ends, so that whoever looks finds most of it read.
func (m *mirror) follow(ctx context.Context) error {
	every := time.NewTicker(followEvery)
	defer every.Stop()
	for {
		m.mu.Lock()
		_ = m.catchUp(ctx) // whoever looks is told what is wrong
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// catchUp brings the states up to the newest number. When the tail has no longer what comes next, it begins anew. The
// mirror is locked.
func (m *mirror) catchUp(ctx context.Context) error {
	newest := m.source.Bounds().Newest // before reading: all up to it will have been read
	for m.reader != nil {
		batch, ok, err := m.reader.Poll()
		if err != nil {
			break
		}
		if !ok {
			m.at = max(m.at, newest)
			return nil
		}
		m.sorted = nil
		for seq, line := range batch.Lines() {
			fold(m.states, seq, line)
		}
		m.at = batch.Last
	}
	return m.begin(ctx)
}

// begin reads the state.
func (m *mirror) begin(ctx context.Context) error {
	m.reader = nil
	epoch := m.source.Bounds().Epoch
	at, entries := m.source.State(ctx, ofListener)
	states, err := folded(entries)
	if err != nil {
		return err
	}
	reader, ok := m.source.Tail().From(at, ofListener)
	if !ok {
		return fmt.Errorf("read the journal after %d: %w", at, tail.ErrBehind)
	}
	m.epoch, m.at, m.states, m.sorted, m.reader = epoch, at, states, nil, reader
	return nil
}

// ofListener tells whether a topic is a listener's.
func ofListener(topic string) bool { return strings.HasPrefix(topic, "listener.") }

// folded is what listens after all entries.
func folded(entries iter.Seq2[wire.Entry, error]) (map[string]*row, error) {
	states := map[string]*row{}
	for e, err := range entries {
		var gap *wire.Gap
		switch {
		case errors.As(err, &gap):
		case err != nil:
			return nil, fmt.Errorf("read the state of the journal: %w", err)
		default:
			fold(states, e.Seq, e.Line)
		}
	}
	return states, nil
}

// change is an event of a listener, as far as the page reads it.
type change struct {
	Type  string                 `json:"type"`
	Topic string                 `json:"topic"`
	Time  time.Time              `json:"time"`
	Data  rtevent.ListenerChange `json:"data"`
}

// fold changes the states by one event. What is no event of a listener changes nothing.
func fold(states map[string]*row, seq uint64, line []byte) {
	c, ok := readChange(line)
	switch {
	case !ok || c.Type == rtevent.ListenerFailed || c.Type == rtevent.ListenerGap: // they say nothing of what listens
	case c.listens():
		states[c.Topic] = newRow(seq, c)
	default:
		delete(states, c.Topic)
	}
}

// inOrder sorts rows as they are shown by default.
func inOrder(rows iter.Seq[*row]) []*row {
	return slices.SortedFunc(rows, byScrutiny)
}
