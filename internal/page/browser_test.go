// A real browser: Debian's Chromium, driven over its own protocol.

package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent/testbed"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// thorough tells whether everything is to be held that this package promises, for which `make test` installs what is needed.
func thorough() bool { return os.Getenv("TESTBED") == "required" }

// browser starts the programs of a browser, one for the whole test, or skips.
func browser(t *testing.T) context.Context {
	t.Helper()
	if !thorough() {
		t.Skip("it takes minutes in a browser: `make test` runs it, with TESTBED=required")
	}
	ctx, stop, err := testbed.Browser(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return ctx
}

// step is something to do in a tab.
type step = chromedp.Action[chromedp.Void]

// command sends a command of the browser's protocol.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// tab is one page in the browser. What goes wrong in it fails the test.
type tab struct {
	t       *testing.T
	ctx     context.Context
	address string // the only server that it may talk to

	mu      sync.Mutex
	wrong   []string
	allowed []string // what may go wrong
}

// open opens a page and waits until it is loaded.
func open(t *testing.T, b context.Context, d *daemon, path string, before ...step) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b)
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	p := &tab{t: t, ctx: ctx, address: d.address}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	p.do(command(log.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{}), command(runtime.Enable, cdp.Empty{}))
	p.do(before...)
	p.do(chromedp.Navigate(d.url(path)))
	t.Cleanup(func() {
		p.mu.Lock()
		wrong := p.wrong
		p.mu.Unlock()
		end()
		cancel()
		for _, w := range wrong {
			t.Errorf("in the browser: %s", w)
		}
	})
	return p
}

// hear notes what a page must never do: throw, break its own policy, or talk to anybody else.
func (p *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.note("exception: " + fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity {
			p.note(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != p.address && u.Scheme != "data" && u.Scheme != "about" {
			p.note("a request to " + e.Request.URL)
		}
	}
}

func (p *tab) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.allowed {
		if strings.Contains(what, a) {
			return
		}
	}
	p.wrong = append(p.wrong, what)
}

// allow lets go wrong what the test makes go wrong.
func (p *tab) allow(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, text)
}

func (p *tab) do(steps ...step) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("in the browser: %v", err)
	}
}

// eval runs a script, waits for what it promises, and reads the value.
func (p *tab) eval(script string, value any) {
	p.t.Helper()
	if err := p.tryEval(script, value); err != nil {
		p.t.Fatalf("in the browser: %v\n%s", err, script)
	}
}

func (p *tab) tryEval(script string, value any) error {
	wrapped := "(async () => JSON.stringify(await (async () => (" + script + "))() ?? null))()"
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](wrapped, chromedp.EvalAwaitPromise))
	if err != nil || value == nil {
		return err
	}
	return json.Unmarshal([]byte(text), value)
}

func (p *tab) text(script string) (s string) {
	p.t.Helper()
	p.eval(script, &s)
	return s
}

// until waits until a script says true.
func (p *tab) until(limit time.Duration, script string) {
	p.t.Helper()
	eventually(p.t, limit, func() error {
		var yes bool
		if err := p.tryEval(script, &yes); err != nil {
			return err
		}
		if !yes {
			var now string
			_ = p.tryEval(`document.getElementById('link')?.textContent.trim() + ' | ' + document.title`, &now)
			return fmt.Errorf("not yet: %s (%s)", script, now)
		}
		return nil
	})
}

// live waits until the page follows the daemon.
func (p *tab) live() {
	p.t.Helper()
	p.until(30*time.Second, `document.getElementById('link').dataset.state === 'live'`)
}

// row is what the table says of a port; empty when there is no such row.
func (p *tab) row(port int) string {
	p.t.Helper()
	return p.text(fmt.Sprintf(`[...document.querySelectorAll('#rows tr')].filter((tr) => tr.querySelector('a')?.textContent.startsWith('%d/')).map((tr) => tr.className + ': ' + tr.textContent).join('\n')`, port))
}

// dark, light, narrow and scriptless are ways to look.
func scheme(name string) step {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

func size(width, height int64) step { return chromedp.EmulateViewport(width, height) }

func scriptless() step {
	return command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// shoot keeps a picture of what is seen, for people: in $RTEVENT_SCREENSHOTS, else where temporary files are.
func (p *tab) shoot(name string) {
	p.t.Helper()
	dir := os.Getenv("RTEVENT_SCREENSHOTS")
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "rtevent-screenshots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("take a picture: %v", err)
	}
	file := filepath.Join(dir, name+".png")
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func navigate(address string) []step { return []step{chromedp.Navigate(address)} }

// runScript runs one as the developer's tools do, beyond the policy of the page.
func runScript(ctx context.Context, script string) (string, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[string]("(() => {"+script+"\n;return ''})()"))
}
