package page_test

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/journal"
	"rtevent/internal/page"
	"rtevent/internal/wire"
)

// forgetful is a journal that runs and has little memory.
func forgetful(t *testing.T) *journal.Journal {
	t.Helper()
	log, err := journal.Open(journal.Options{Dir: t.TempDir(), Durability: journal.Process, TailBytes: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- log.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return log
}

// TestFarBehind looks at a page that nobody looked at for so long that the journal's memory has lost what comes next: what
// it shows is whole all the same.
func TestFarBehind(t *testing.T) {
	log := forgetful(t)
	p, err := page.New(page.Options{Source: log, Registry: iana.Embedded(), Coverage: func() rtevent.Coverage { return rtevent.Coverage{} }, Host: "host"})
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, journal: log}
	ports := func() map[int]bool {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/listeners/rows", nil))
		var answer struct {
			At   rtevent.Cursor
			Rows []struct{ Port int }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%v: %.300s", err, w.Body)
		}
		if answer.At.Seq != log.Bounds().Newest {
			t.Errorf("the rows are of event %d, not %d", answer.At.Seq, log.Bounds().Newest)
		}
		found := map[int]bool{}
		for _, r := range answer.Rows {
			found[r.Port] = true
		}
		return found
	}
	d.tell(opened, change(listener(1)))
	d.settled(1)
	if got := ports(); len(got) != 1 || !got[1] {
		t.Fatalf("at first there is %v", got)
	}
	big := strings.Repeat("x", 2000)
	for port := range 2000 {
		l := listener(2 + port)
		l.Holders[0].Cmdline = []string{big}
		d.tell(identified, change(l))
	}
	d.tell(closed, change(listener(1)))
	d.settled(2002)
	if after, _ := log.Tail().Bounds(); after < 2 {
		t.Fatalf("all is still in memory, from %d on: this test shows nothing", after)
	}
	if got := ports(); len(got) != 2000 || got[1] || !got[2001] {
		t.Errorf("then there are %d", len(got))
	}
}

// counting counts how often the whole state is read.
type counting struct {
	*journal.Journal
	states atomic.Int64
}

func (c *counting) State(ctx context.Context, match func(string) bool) (uint64, iter.Seq2[wire.Entry, error]) {
	c.states.Add(1)
	return c.Journal.State(ctx, match)
}

// TestKeepsUp holds that a page which runs goes on reading what comes, also after somebody has looked at it.
func TestKeepsUp(t *testing.T) {
	source := &counting{Journal: forgetful(t)}
	d := &daemon{t: t, journal: source.Journal}
	p, err := page.New(page.Options{Source: source, Registry: iana.Embedded(), Coverage: func() rtevent.Coverage { return rtevent.Coverage{} }, Host: "host"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { report(t, "page", p.Run(ctx)) })
	defer running.Wait()
	defer cancel()
	look := func() {
		p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/listeners/rows", nil))
	}
	look()
	for n := range 3 {
		for port := range 450 {
			l := listener(1 + port)
			l.Holders[0].Cmdline = []string{strings.Repeat("x", 2000)}
			d.tell(identified, change(l))
		}
		d.settled(uint64(450 * (n + 1)))
		time.Sleep(1500 * time.Millisecond)
		if n == 0 {
			look()
		}
	}
	if after, _ := d.journal.Tail().Bounds(); after < 500 {
		t.Fatalf("what came after the look is still in memory, from %d on: this test shows nothing", after)
	}
	if look(); source.states.Load() != 1 {
		t.Errorf("the state was read %d times", source.states.Load())
	}
}

// TestListenersAsData reads the table as a program does.
func TestListenersAsData(t *testing.T) {
	d := startDaemon(t, false)
	for _, l := range plausible() {
		d.tell(identified, change(l))
	}
	d.settled(uint64(len(plausible())))
	answer, body := d.get("/listeners?severity=medium", "application/json")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if len(lines) != 3 || answer.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%s: %s", answer.Header.Get("Content-Type"), body)
	}
	var first struct {
		Kind string
		rtevent.Listener
	}
	var last struct {
		Kind  string
		At    rtevent.Cursor
		Total struct{ Listeners, Scrutiny, Unidentified int }
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(lines[2]), &last); err != nil {
		t.Fatal(err)
	}
	if first.Kind != "listener" || first.Port != 3706 || len(first.Holders) != 1 {
		t.Errorf("the gravest comes first: %s", lines[0])
	}
	if last.Kind != "summary" || last.Total.Listeners != 2 || last.Total.Scrutiny != 2 || last.Total.Unidentified != 2 || last.At.Seq != d.journal.Bounds().Newest {
		t.Errorf("the summary is %s", lines[2])
	}
	if answer, body := d.get("/listeners?port=x", "application/json"); answer.StatusCode != http.StatusBadRequest || !strings.Contains(body, "is no port") {
		t.Errorf("%s: %s", answer.Status, body)
	}
}

// TestForeignEventInThePast holds that who may see the listeners of a moment is told nothing of others' events.
func TestForeignEventInThePast(t *testing.T) {
	d := startDaemon(t, false)
	d.tell(identified, change(listener(1)))
	d.publish(rtevent.Event{ID: "1", Source: "//lab", Type: "com.example.door", Topic: "doors.hall", Subject: "the safe"})
	d.settled(2)
	text := d.html("/?at=2")
	for _, told := range []string{"com.example.door", "doors.hall", "//lab", "the safe"} {
		if strings.Contains(text, told) {
			t.Errorf("the moment of the event tells %q", told)
		}
	}
	if !strings.Contains(text, "no listener") {
		t.Errorf("what had just come is not told of: %s", text)
	}
}
