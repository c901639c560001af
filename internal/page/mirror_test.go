package page_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/journal"
	"rtevent/internal/page"
)

// TestFarBehind looks at a page that nobody looked at for so long that the journal's memory has lost what comes next: what
// it shows is whole all the same.
func TestFarBehind(t *testing.T) {
	log, err := journal.Open(journal.Options{Dir: t.TempDir(), Durability: journal.Process, TailBytes: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- log.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
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
