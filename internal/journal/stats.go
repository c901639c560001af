package journal

import (
	"sync/atomic"
	"time"
)

// Stats are counts of a journal, from its opening on unless they say otherwise.
type Stats struct {
	Appended    uint64 // events stored
	Duplicates  uint64 // publications that had been stored before
	Refused     uint64 // publications that were not stored
	Syncs       uint64
	SyncTime    time.Duration // in all of them
	SlowestSync time.Duration
	Readers     int64  // of history, now
	Trimmed     uint64 // gaps told to readers, because of retention
	Damaged     uint64 // gaps told to readers, because of damage
	Restarts    uint64 // of the engine
	LogBytes    uint64 // on disk, now
	Topics      int    // now
	Waiting     int    // bytes of publications that wait or are being stored, now
}

// counters are what Stats is read from.
type counters struct {
	appended, duplicates, refused atomic.Uint64
	syncs, syncTime, slowestSync  atomic.Int64
	readers                       atomic.Int64
	trimmed, damaged, restarts    atomic.Uint64
	logBytes                      atomic.Uint64
}

// Stats returns the counts; it costs nothing that anybody would wait for.
func (j *Journal) Stats() Stats {
	c := &j.stats
	return Stats{
		Appended: c.appended.Load(), Duplicates: c.duplicates.Load(), Refused: c.refused.Load(),
		Syncs: uint64(c.syncs.Load()), SyncTime: time.Duration(c.syncTime.Load()), SlowestSync: time.Duration(c.slowestSync.Load()),
		Readers: c.readers.Load(), Trimmed: c.trimmed.Load(), Damaged: c.damaged.Load(), Restarts: c.restarts.Load(),
		LogBytes: c.logBytes.Load(), Topics: j.state.count(), Waiting: j.queue.waits(),
	}
}

// sync notes that one began and has now ended.
func (c *counters) sync(began time.Time) {
	took := int64(time.Since(began))
	c.syncs.Add(1)
	c.syncTime.Add(took)
	if took > c.slowestSync.Load() { // one at a time syncs
		c.slowestSync.Store(took)
	}
}
