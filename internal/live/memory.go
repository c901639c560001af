// Whom we have asked: each start of a process is asked once what it speaks on a listener.

package live

import (
	"container/list"
	"time"

	"rtevent"
)

const (
	// mostRemembered bounds the findings that are kept. Who is forgotten and opens the same port again is asked again.
	mostRemembered = 4096

	// mostStarts is for how many of a listener's processes its finding is kept.
	mostStarts = 4
)

// inquiry is a process that was asked on one listener.
type inquiry struct {
	place place
	pid   int
}

type remembered struct {
	inquiry
	started time.Time
	finding *rtevent.Finding
}

// memory keeps findings, the ones that were used last.
type memory struct {
	at    map[inquiry]*list.Element
	order *list.List // the one used last first
}

func newMemory() memory { return memory{map[inquiry]*list.Element{}, list.New()} }

func (m *memory) keep(p place, holders []rtevent.Owner, f *rtevent.Finding) {
	for i, s := range starts(holders) {
		if i == mostStarts {
			return
		}
		key := inquiry{p, s.pid}
		if old := m.at[key]; old != nil {
			m.order.Remove(old)
		}
		m.at[key] = m.order.PushFront(remembered{key, s.at, f})
		if m.order.Len() > mostRemembered {
			oldest := m.order.Remove(m.order.Back()).(remembered)
			delete(m.at, oldest.inquiry)
		}
	}
}

// finding is what was found when one of the holders was asked here; nil if none was.
func (m *memory) finding(p place, holders []rtevent.Owner) *rtevent.Finding {
	for _, s := range starts(holders) {
		if at := m.at[inquiry{p, s.pid}]; at != nil {
			if r := at.Value.(remembered); s.is(start{s.pid, r.started}) {
				m.order.MoveToFront(at)
				return r.finding
			}
		}
	}
	return nil
}
