package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"rtevent/testbed"
)

// What the page is measured with.
const (
	pageListeners = 1000
	openPages     = 200
	idleFor       = 20 * time.Second
	pageChanges   = 60
)

// page measures what a browser sees, of a daemon that watches this host with many listeners more.
func (b bench) page(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rtevent-bench-page-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for range pageListeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("open %d listeners: %w", pageListeners, err)
		}
		defer l.Close()
	}
	daemon, err := testbed.StartDaemon(ctx, b.rtevent, dir, "--no-probe", "--durable", "process")
	if err != nil {
		skipped("the page", err)
		return nil
	}
	fmt.Printf("\nthe page, %d listeners more:\n", pageListeners)
	err = errors.Join(b.firstRender(ctx, daemon), b.portPage(ctx, daemon), b.onScreen(ctx, daemon), b.idlePages(ctx, daemon))
	return errors.Join(err, daemon.Stop())
}

// fetch gets a page as a browser does and returns its size as it travelled, its text, and how long all of it took.
func fetch(ctx context.Context, address, path string) (size int, text string, took time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, "", 0, err
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Encoding", "gzip")
	began := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	took = time.Since(began)
	if err != nil || answer.StatusCode != http.StatusOK {
		return 0, "", 0, fmt.Errorf("fetch %s: %s: %w", path, answer.Status, err)
	}
	size = len(body)
	if answer.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return 0, "", 0, err
		}
		if body, err = io.ReadAll(z); err != nil {
			return 0, "", 0, err
		}
	}
	return size, string(body), took, nil
}

// firstRender times the table of listeners once all are in it.
func (b bench) firstRender(ctx context.Context, d *testbed.Daemon) error {
	for end := time.Now().Add(time.Minute); ; {
		_, text, _, err := fetch(ctx, d.Address, "/listeners/rows")
		if err != nil {
			return err
		}
		if n := strings.Count(text, `"topic"`); n >= pageListeners {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("the page does not show the %d listeners", pageListeners)
		}
		time.Sleep(100 * time.Millisecond)
	}
	var times []time.Duration
	var size int
	for range 3*b.runs + 1 {
		n, _, took, err := fetch(ctx, d.Address, "/")
		if err != nil {
			return err
		}
		times, size = append(times, took), n
	}
	took := median(times[1:])
	figure("  first render, from the daemon", ms(took), "< 100 ms", took < 100*time.Millisecond, fmt.Sprintf("the slowest %s, %.1f KiB", ms(slices.Max(times[1:])), float64(size)/1024))
	return nil
}

// portPage weighs pages of ports, with all that they load.
func (b bench) portPage(ctx context.Context, d *testbed.Daemon) error {
	most, which := 0, ""
	for port := 0; port < 65536; port += 61 {
		size, _, _, err := fetch(ctx, d.Address, fmt.Sprintf("/ports/%d", port))
		if err != nil {
			return err
		}
		if size > most {
			most, which = size, strconv.Itoa(port)
		}
	}
	rest := 0
	for _, file := range []string{"page.css", "port.js", "live.js", "copy.js", "icon.svg"} {
		size, _, _, err := fetch(ctx, d.Address, "/assets/"+file)
		if err != nil {
			return err
		}
		rest += size
	}
	all := float64(most+rest) / 1024
	figure("  the largest page of a port, with its files", fmt.Sprintf("%.1f KiB", all), "< 30 KiB", all < 30, fmt.Sprintf("port %s, of 1,075; %.1f KiB without the files", which, float64(most)/1024))
	return nil
}

// noting notes in the page when the row of a port came.
const noting = `(() => {
	window.seen = {};
	new MutationObserver(() => {
		for (const a of document.querySelectorAll('#rows .port a')) window.seen[a.textContent] ??= performance.timeOrigin + performance.now();
	}).observe(document.getElementById('rows'), { childList: true, subtree: true });
	return document.getElementById('link').dataset.state;
})()`

// onScreen times how long after it opened a listener stands in the page of a browser.
func (b bench) onScreen(ctx context.Context, d *testbed.Daemon) error {
	const what = "  a change on the screen, p95"
	browser, stop, err := testbed.Browser(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		skipped(what, err)
		return nil
	} else if err != nil {
		return err
	}
	defer stop()
	if err := chromedp.Do(browser, chromedp.Navigate("http://"+d.Address+"/?sort=last")); err != nil {
		return err
	}
	for state := ""; state != "live"; time.Sleep(200 * time.Millisecond) {
		if state, err = chromedp.Run(browser, chromedp.Evaluate[string](`document.getElementById('link').dataset.state`)); err != nil {
			return err
		}
	}
	if _, err := chromedp.Run(browser, chromedp.Evaluate[string](noting)); err != nil {
		return err
	}
	var times []time.Duration
	for range pageChanges {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		opened := time.Now()
		time.Sleep(400 * time.Millisecond)
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		at, err := chromedp.Run(browser, chromedp.Evaluate[float64](`window.seen['`+port+`/tcp'] ?? 0`))
		l.Close()
		if err != nil {
			return err
		}
		took := time.Duration(at*float64(time.Millisecond)) - time.Duration(opened.UnixNano())
		if at == 0 {
			took = time.Second
		}
		times = append(times, max(took, 0))
	}
	slices.Sort(times)
	p95 := times[len(times)*95/100]
	figure(what, ms(p95), "< 100 ms", p95 < 100*time.Millisecond, fmt.Sprintf("median %s, slowest %s, of %d", ms(median(times)), ms(times[len(times)-1]), len(times)))
	return nil
}

// idlePages counts what open pages cost the daemon while nothing happens, beside what it costs without them.
func (b bench) idlePages(ctx context.Context, d *testbed.Daemon) error {
	what := fmt.Sprintf("  %d open pages, idle", openPages)
	alone, err := idle(ctx, d)
	if err != nil {
		skipped(what, err)
		return nil
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	for range openPages {
		if err := watchEvents(ctx, d.Address); err != nil {
			return err
		}
	}
	with, err := idle(ctx, d)
	if err != nil {
		skipped(what, err)
		return nil
	}
	more := max(with-alone, 0)
	figure(what, fmt.Sprintf("%.2f %%", 100*more), "< 5 % of a core", more < 0.05, fmt.Sprintf("the daemon takes %.2f %% with them, %.2f %% without", 100*with, 100*alone))
	return nil
}

// watchEvents follows the events as a page does, until ctx ends.
func watchEvents(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/events?topic=listener.%3E&topic=rtevent.%3E&from=live&mark=15", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	go func() {
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
	}()
	return nil
}

// idle is the share of a core that the daemon takes while hardly anything happens. Where the host does not keep still, it
// tries again.
func idle(ctx context.Context, d *testbed.Daemon) (float64, error) {
	const few = 20 // events
	for range 5 {
		before, err := newest(ctx, d)
		if err != nil {
			return 0, err
		}
		share, err := busy(d.PID(), idleFor)
		if err != nil {
			return 0, err
		}
		after, err := newest(ctx, d)
		if err != nil || after-before <= few {
			return share, err
		}
	}
	return 0, fmt.Errorf("this host does not keep still: more than %d events in %v", few, idleFor)
}

// newest is the number of the last event.
func newest(ctx context.Context, d *testbed.Daemon) (int, error) {
	_, text, _, err := fetch(ctx, d.Address, "/listeners/rows")
	if err != nil {
		return 0, err
	}
	_, text, _ = strings.Cut(text, `"at":"`)
	text, _, _ = strings.Cut(text, `"`)
	_, number, _ := strings.Cut(text, ".")
	return strconv.Atoi(number)
}

// busy is the share of a core that a process takes for a while.
func busy(pid int, during time.Duration) (float64, error) {
	before, err := ticks(pid)
	if err != nil {
		return 0, err
	}
	time.Sleep(during)
	after, err := ticks(pid)
	return float64(after-before) / 100 / during.Seconds(), err
}

// ticks is the time that a process took, in hundredths of a second.
func ticks(pid int) (int, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}
