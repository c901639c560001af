package observe

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// newTestLedger writes down what is told.
func newTestLedger(booted func() time.Time) (*ledger, *[]string) {
	var told []string
	return newLedger(func(c Change) {
		told = append(told, fmt.Sprint(c.Kind, " ", c.Listener.PortName(), " ", pidsIn(c.Listener), " ", c.At.UTC().Format(time.TimeOnly)))
	}, booted), &told
}

func pidsIn(l rtevent.Listener) (pids []int) {
	for _, h := range l.Holders {
		pids = append(pids, h.PID)
	}
	return pids
}

func TestLedger(t *testing.T) {
	boot := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	l, told := newTestLedger(func() time.Time { return boot })
	own := &room{}
	at := func(seconds uint64) when { return when{at: seconds * 1e9} }
	web := func(cookie uint64, holders ...holder) socket {
		return socket{room: own, transport: rtevent.TCP, address: netip.MustParseAddr("127.0.0.1"), port: 80, cookie: cookie, holders: holders}
	}
	first, second := holder{pid: 7, started: 1}, holder{pid: 8, started: 2}
	one, two := web(1, first), web(2, second)
	l.openAll([]*socket{&one, &two}, at(1))           // found together: told once
	l.open(web(1, first), at(2))                      // known
	l.close(1, at(3))                                 // the other is left
	l.open(web(3, second), at(4))                     // nobody new
	l.open(web(4, holder{pid: 8, started: 9}), at(5)) // the same number, another process
	l.close(4, at(6))
	boot = boot.Add(-time.Hour) // somebody sets the clock back
	l.close(2, at(7))
	if l.close(3, at(8)); l.close(3, at(9)) {
		t.Error("closed twice")
	}
	l.open(web(5, first), at(10))
	updated := web(5, holder{pid: 7}, second)
	l.sockets[5].update(updated)
	l.review(l.sockets[5].group, at(11))
	l.review(l.sockets[5].group, at(12)) // nothing new
	l.fail(web(6, second), at(13))
	want := []string{
		"opened 80/tcp [7 8] 12:00:01",
		"held 80/tcp [8] 12:00:03",
		"held 80/tcp [8] 12:00:05",
		"held 80/tcp [8] 12:00:06",
		"closed 80/tcp [8] 11:00:08",
		"opened 80/tcp [7] 11:00:10",
		"held 80/tcp [7 8] 11:00:11",
		"failed 80/tcp [8] 11:00:13",
	}
	if diff := cmp.Diff(want, *told); diff != "" {
		t.Error(diff)
	}
}

// TestRecall checks that what the kernel captured of a process outlives a look that only finds its number, and is not
// lent to another process.
func TestRecall(t *testing.T) {
	captured := &process{pid: 7, started: 5, exe: "/bin/web"}
	known := []holder{{pid: 7, started: 5, process: captured}}
	for _, c := range []struct {
		found holder
		knows bool
	}{{holder{pid: 7}, true}, {holder{pid: 7, started: 5}, true}, {holder{pid: 7, started: 6}, false}, {holder{pid: 8}, false}} {
		h := c.found
		if h.recall(known); (h.process != nil) != c.knows {
			t.Errorf("%+v becomes %+v", c.found, h)
		}
	}
}
