package page_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rtevent/testbed"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"rtevent"
)

// press sends keys to whatever has the focus.
func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.do(chromedp.KeyEvent(k))
	}
}

func (p *tab) focused() string {
	p.t.Helper()
	return p.text(`document.activeElement.id || document.activeElement.getAttribute('href') || document.activeElement.textContent.slice(0, 60)`)
}

// TestBackInTime goes to moments of the past, on real events, and back to now.
func TestBackInTime(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, true)
	port, end := listen(t)
	eventually(t, 30*time.Second, func() error {
		if !strings.Contains(d.html("/events?type=identified"), fmt.Sprintf("/ports/%d", port)) {
			return fmt.Errorf("port %d is not identified", port)
		}
		return nil
	})
	then := d.journal.Bounds()
	moment := time.Now()
	end()
	eventually(t, 30*time.Second, func() error {
		if !strings.Contains(d.html("/events?type=closed"), fmt.Sprintf("/ports/%d", port)) {
			return fmt.Errorf("port %d is not closed", port)
		}
		return nil
	})
	p := open(t, b, d, "/events")
	p.until(30*time.Second, `document.getElementById('link').dataset.state === 'live'`)
	p.shoot("events")
	p.do(navigate(d.url(fmt.Sprintf("/?at=%s.%d", then.Epoch, then.Newest)))...)
	p.until(10*time.Second, has(port, "http"))
	p.shoot("back-in-time")
	p.do(navigate(d.url("/?at=" + moment.Format("2006-01-02T15:04:05.999")))...)
	if !strings.Contains(p.text(`document.querySelector('h1').textContent`), "What listened") {
		t.Error("a time is no moment")
	}
	p.do(navigate(d.url("/"))...)
	p.live()
	if row := p.row(port); row != "" {
		t.Errorf("now there is %s", row)
	}
	p.do(navigate(d.url(fmt.Sprintf("/ports/%d", port)))...)
	story := p.text(`document.querySelector('.happenings').textContent`)
	for _, part := range []string{"opened", "identified", "closed"} {
		if !strings.Contains(story, part) {
			t.Errorf("the history of %d lacks %q: %s", port, part, story)
		}
	}
	p.shoot("port-history")
	for path, status := range map[string]int{"/?at=zzzz9.1": 410, "/?at=x": 400, fmt.Sprintf("/events/%s.999999", then.Epoch): 404, "/events/zzzz9.1": 410, "/events/1": 404} {
		if answer, _ := d.get(path, "text/html"); answer.StatusCode != status {
			t.Errorf("%s: %s, not %d", path, answer.Status, status)
		}
	}
}

// TestPortLives watches the page of a port while the port opens and closes.
func TestPortLives(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, true)
	port, end := listen(t)
	eventually(t, 30*time.Second, func() error {
		if !strings.Contains(d.html(fmt.Sprintf("/ports/%d", port)), "identified") {
			return fmt.Errorf("port %d is not identified", port)
		}
		return nil
	})
	p := open(t, b, d, fmt.Sprintf("/ports/%d", port))
	p.live()
	if said := p.text(`document.querySelector('.verdicts').textContent`); !strings.Contains(said, "http") {
		t.Errorf("the verdict: %s", said)
	}
	p.shoot("port-live")
	end()
	p.until(30*time.Second, `document.querySelector('.verdicts').textContent.includes('Nothing listens') && document.querySelector('.happenings').textContent.includes('closed')`)
	p.eval(`void Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } })`, nil)
	p.eval(`document.querySelector('[data-copies]').click()`, nil)
	if copied := p.text(`window.copied`); copied != fmt.Sprintf("ss -tulnp 'sport = :%d'", port) {
		t.Errorf("copied %q", copied)
	}
}

// TestKeyboard does without a mouse.
func TestKeyboard(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, false)
	for port := range 1000 {
		d.tell(identified, change(listener(1000+port)))
	}
	d.settled(1000)
	p := open(t, b, d, "/")
	p.live()
	p.press(kb.Tab)
	if at := p.focused(); at != "#main" {
		t.Errorf("the first stop is %q, not the way to the content", at)
	}
	p.eval(`void document.querySelector('#rows a').focus()`, nil)
	p.press(kb.ArrowDown, kb.ArrowDown)
	if at := p.focused(); at != "/ports/1002" {
		t.Errorf("two rows down is %q", at)
	}
	p.press(kb.End)
	if at := p.focused(); at != "/ports/1999" {
		t.Errorf("the end is %q", at)
	}
	p.press(kb.PageUp, kb.ArrowUp)
	if at := p.focused(); at != "/ports/1983" {
		t.Errorf("sixteen rows up is %q", at)
	}
	p.press(kb.Home)
	if at := p.focused(); at != "/ports/1000" {
		t.Errorf("the beginning is %q", at)
	}
	p.do(navigate(d.url("/registry"))...)
	p.eval(`void document.querySelector('.map').focus()`, nil)
	p.press(kb.ArrowRight)
	p.until(20*time.Second, `document.getElementById('readout').textContent.startsWith('3707 rt-event-s ghost')`)
	p.shoot("registry-map")
	p.press(kb.Enter)
	p.until(10*time.Second, `location.pathname === '/ports/3707'`)
}

// TestScriptless reads everything with scripts switched off.
func TestScriptless(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, false)
	for port := range 300 {
		d.tell(identified, change(listener(1000+port)))
	}
	d.settled(300)
	p := open(t, b, d, "/?q=1010", scriptless())
	p.shoot("scriptless")
	for _, c := range []struct{ path, want string }{
		{"/", "rows 1 to 250 of 300"}, {"/?page=1", "rows 251 to 300 of 300"}, {"/?q=1010%2Ftcp", "1010"}, {"/ports/3706", "Terry Gin"},
		{"/ports?n=3706", `<span class="number">3706</span>`}, {"/ports?n=mqtt", "1883"}, {"/registry/at?p.x=368&p.y=43", `<span class="number">3706</span>`},
		{"/registry/search?q=rt-event", "3707"}, {"/registry/block/14", "rt-event-s"}, {"/events", "what listened then"},
	} {
		if body := d.html(c.path); !strings.Contains(body, c.want) {
			t.Errorf("%s lacks %q", c.path, c.want)
		}
	}
}

// TestTenThousand keeps a table of 10,000 usable: only what is seen is drawn, and it is drawn soon.
func TestTenThousand(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, false)
	for port := range 10_000 {
		d.tell(identified, rtevent.ListenerChange{Listener: ptr(listener(10_000 + port)), Existing: true})
	}
	d.settled(10_000)
	p := open(t, b, d, "/")
	p.live()
	var drawn int
	p.eval(`document.querySelectorAll('#rows tr').length`, &drawn)
	if drawn > 120 {
		t.Errorf("%d rows are drawn", drawn)
	}
	p.eval(`(async () => { scrollTo(0, document.body.scrollHeight / 2); await new Promise((r) => setTimeout(r, 300)); })()`, nil)
	middle := p.text(`document.elementFromPoint(200, innerHeight / 2).closest('tr').textContent`)
	if !strings.HasPrefix(middle, "149") && !strings.HasPrefix(middle, "150") {
		t.Errorf("the middle is %q", middle)
	}
	p.shoot("ten-thousand")
	var ms float64
	p.eval(`(async () => {
		const field = document.getElementById('f-q');
		const begun = performance.now();
		field.value = '15000'; field.dispatchEvent(new Event('input', { bubbles: true }));
		const took = performance.now() - begun;
		return document.querySelectorAll('#rows tr').length === 1 ? took : -1;
	})()`, &ms)
	t.Logf("filtering 10,000 rows takes %.1f ms", ms)
	if ms < 0 || ms > 1000 {
		t.Errorf("filtering takes %.1f ms (-1: it found something else)", ms)
	}
	d.tell(opened, change(listener(9_999)))
	p.eval(`void ((f) => { f.value = ''; f.dispatchEvent(new Event('input', { bubbles: true })); })(document.getElementById('f-q'))`, nil)
	p.until(10*time.Second, has(9_999, "new"))
}

func ptr[T any](v T) *T { return &v }

// TestServe is the program itself: `rtevent serve`, and a real listener that comes and goes in its page.
func TestServe(t *testing.T) {
	b := browser(t)
	program, err := testbed.Build(t.Context(), t.TempDir(), "./cmd/rtevent")
	if err != nil {
		t.Fatal(err)
	}
	served, err := testbed.StartDaemon(t.Context(), program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, address: served.Address}
	p := open(t, b, d, "/")
	p.live()
	port, end := listen(t)
	p.until(30*time.Second, has(port, "http"))
	p.shoot("served")
	end()
	p.until(30*time.Second, "!("+has(port, "")+")")
	p.do(navigate("about:blank")...)
	if err := served.Stop(); err != nil {
		t.Error(err)
	}
}
