// A real daemon for the tests of the page: this host watched, a journal on disk, served on a port of the loopback.

package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/deliver"
	"rtevent/internal/iana"
	"rtevent/internal/journal"
	"rtevent/internal/live"
	"rtevent/internal/page"
	"rtevent/internal/wire"
)

// daemon is one that can be stopped and started again at the same address.
type daemon struct {
	t       *testing.T
	dir     string
	address string
	watch   bool // this host is watched; else only what the test publishes is there

	journal *journal.Journal
	stop    func()
}

// startDaemon runs one until the test ends.
func startDaemon(t *testing.T, watch bool) *daemon {
	t.Helper()
	d := &daemon{t: t, dir: t.TempDir(), address: "127.0.0.1:0", watch: watch}
	d.start()
	t.Cleanup(func() { d.stop() })
	return d
}

func (d *daemon) start() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	d.journal, err = journal.Open(journal.Options{Dir: d.dir, Durability: journal.Process, MaxTopics: 50_000})
	if err != nil {
		d.t.Fatal(err)
	}
	registry := iana.Embedded()
	watched := live.New(live.Options{Registry: registry})
	p, err := page.New(page.Options{Source: d.journal, Registry: registry, Coverage: watched.Coverage, Host: "host", Version: "test"})
	if err != nil {
		d.t.Fatal(err)
	}
	server, err := deliver.New(deliver.Options{Log: d.journal, Software: "rtevent/test", Node: "host", Durable: "process", Page: p})
	if err != nil {
		d.t.Fatal(err)
	}
	var listener net.Listener
	for range 50 { // a browser's own connections may hold the port for a moment
		if listener, err = net.Listen("tcp", d.address); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.address = listener.Addr().String()
	var running, keeping sync.WaitGroup
	serving, quit := context.WithCancel(context.Background())
	running.Go(func() { report(d.t, "serve", server.Run(ctx, deliver.Listener{Listener: listener})) })
	running.Go(func() { report(d.t, "page", p.Run(ctx)) })
	if d.watch {
		running.Go(func() { _ = watched.Run(ctx, d.pass) })
	}
	keeping.Go(func() { report(d.t, "journal", d.journal.Run(serving)) })
	d.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		quit()
		keeping.Wait()
	})
}

func report(t *testing.T, what string, err error) {
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// restart stops the daemon and starts it again, with its history.
func (d *daemon) restart(between func()) {
	d.stop()
	between()
	d.start()
}

// place is where the programs of these tests listen: an address of the loopback of their own, for a machine that runs
// tests has much else that comes and goes.
var place = fmt.Sprintf("127.37.%d.%d", os.Getpid()>>8&255, os.Getpid()&255)

// pass publishes what the host's watch tells of that place.
func (d *daemon) pass(e rtevent.Event) {
	if strings.HasSuffix(e.Topic, "."+rtevent.TopicToken(place)) {
		d.publish(e)
	}
}

func (d *daemon) publish(e rtevent.Event) {
	line, err := json.Marshal(e)
	if err != nil {
		d.t.Error(err)
		return
	}
	d.journal.Publish(wire.Publication{Topic: e.Topic, Source: e.Source, ID: e.ID, Line: line}, func(a wire.Ack) {
		if a.Err != nil {
			d.t.Errorf("publish %s: %v", e.Topic, a.Err)
		}
	})
}

// tell publishes an event of a listener, as a watched host would.
func (d *daemon) tell(kind string, c rtevent.ListenerChange) {
	data, err := json.Marshal(c)
	if err != nil {
		d.t.Fatal(err)
	}
	d.publish(rtevent.Event{
		ID: fmt.Sprintf("%s-%d", kind, time.Now().UnixNano()), Source: "//" + "host", Type: kind, Topic: c.Listener.Topic(), Time: time.Now(), Data: data,
	})
}

// settled waits until the journal has so many events.
func (d *daemon) settled(least uint64) {
	d.t.Helper()
	eventually(d.t, 30*time.Second, func() error {
		if n := d.journal.Bounds().Newest; n < least {
			return fmt.Errorf("the journal has %d events, not %d", n, least)
		}
		return nil
	})
}

func (d *daemon) url(path string) string { return "http://" + d.address + path }

// get fetches a page as a program or a browser without scripts would.
func (d *daemon) get(path, accept string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequest(http.MethodGet, d.url(path), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer, string(body)
}

// html fetches a page that must be there.
func (d *daemon) html(path string) string {
	d.t.Helper()
	answer, body := d.get(path, "text/html")
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		d.t.Fatalf("%s: %s, %s: %.300s", path, answer.Status, answer.Header.Get("Content-Type"), body)
	}
	return body
}

// eventually waits until there is no error.
func eventually(t *testing.T, limit time.Duration, try func() error) {
	t.Helper()
	end := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %v: %v", limit, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
