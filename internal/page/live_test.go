package page_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain is also the program that listens in these tests: a process of its own, for a daemon does not ask itself.
func TestMain(m *testing.M) {
	if address := os.Getenv("PAGE_TEST_LISTEN"); address != "" {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(listener.Addr().(*net.TCPAddr).Port)
		go func() {
			_ = http.Serve(listener, http.NotFoundHandler())
		}()
		_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started it goes away
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// listen starts a process that serves HTTP on a port of the loopback, and returns the port and what ends the process.
func listen(t *testing.T) (port int, end func()) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "PAGE_TEST_LISTEN="+place+":0")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			in.Close()
			_ = c.Wait()
		}
	}
	t.Cleanup(end)
	return port, end
}

// has is a script that tells whether the row of a port says something.
func has(port int, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('#rows tr:not(.closing)')].some((tr) => tr.textContent.startsWith('%d/tcp') && tr.textContent.includes('%s'))`, port, text)
}

// TestRowsComeAndGo watches a real listener open, be identified and close, in a page that is never loaded again.
func TestRowsComeAndGo(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, true)
	p := open(t, b, d, "/")
	p.live()
	p.eval(`void (window.untouched = true)`, nil)
	port, end := listen(t)
	p.until(30*time.Second, has(port, "page.test"))
	p.until(30*time.Second, has(port, "http"))
	if row := p.row(port); !strings.Contains(row, "new") || !strings.Contains(row, "unregistered") {
		t.Errorf("the new row: %s", row)
	}
	p.eval(fmt.Sprintf(`void ((f) => { f.value = '%d'; f.dispatchEvent(new Event('input', { bubbles: true })); })(document.getElementById('f-port'))`, port), nil)
	p.until(5*time.Second, `document.querySelectorAll('#rows tr').length === 1`)
	p.shoot("listeners-new")
	if got := p.text(`location.search`); got != fmt.Sprintf("?port=%d", port) {
		t.Errorf("the filter stands in the address as %q", got)
	}
	end()
	p.until(30*time.Second, `!document.querySelector('#rows tr:not(.closing)')`)
	p.until(30*time.Second, `!document.querySelector('#rows tr') && !document.getElementById('empty').hidden`)
	if p.text(`String(window.untouched)`) != "true" {
		t.Error("the page was loaded again")
	}
}

// TestReconnect takes the daemon away and brings it back, with its history and then without.
func TestReconnect(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, true)
	p := open(t, b, d, "/")
	p.allow("ERR_CONNECTION_REFUSED")
	p.allow("ERR_INCOMPLETE_CHUNKED_ENCODING")
	p.allow("ERR_EMPTY_RESPONSE")
	p.allow("ERR_CONNECTION_RESET")
	p.live()
	var port int
	var end func()
	d.restart(func() {
		p.until(30*time.Second, `document.getElementById('link').dataset.state === 'lost'`)
		p.shoot("listeners-lost")
		if words := p.text(`document.getElementById('link').textContent`); !strings.Contains(words, "connection lost at event") {
			t.Errorf("the page says %q", words)
		}
		port, end = listen(t)
	})
	p.until(60*time.Second, has(port, "http"))
	p.live()

	end()
	p.until(60*time.Second, "!("+has(port, "")+")")

	d.restart(func() { d.dir = t.TempDir() }) // another journal: the page cannot go on and begins anew
	p.until(60*time.Second, fmt.Sprintf(`document.getElementById('link').textContent.includes('%s') || document.getElementById('link').textContent.includes('live')`, d.journal.Bounds().Epoch))
	port, _ = listen(t)
	p.until(60*time.Second, has(port, "http"))
}

// TestResumeExactly counts every event that the page is given across a restart: all of them, each once.
func TestResumeExactly(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, false)
	d.tell(opened, change(listener(1)))
	d.settled(1)
	p := open(t, b, d, "/")
	p.allow("ERR_")
	p.live()
	p.eval(`import('/assets/live.js').then(({ Live }) => { window.got = []; new Live(['listener.>'], document.getElementById('table-state').dataset.at, { event: (e) => window.got.push(e.cursor), state() {}, reset() { window.got.push('reset'); } }).start(); })`, nil)
	for port := range 200 {
		d.tell(opened, change(listener(1000+port)))
		if port == 100 {
			p.until(30*time.Second, `window.got.length > 10`)
			d.restart(func() {})
		}
	}
	p.until(60*time.Second, `window.got.length >= 200`)
	var got []string
	p.eval(`window.got`, &got)
	if len(got) != 200 || len(slices.Compact(slices.Clone(got))) != 200 || got[0] == got[199] {
		t.Errorf("%d events came, from %s to %s", len(got), got[0], got[len(got)-1])
	}
	for i, cursor := range got {
		if want := fmt.Sprintf("%s.%d", d.journal.Bounds().Epoch, i+2); cursor != want {
			t.Fatalf("event %d is %s, not %s", i, cursor, want)
		}
	}
}
