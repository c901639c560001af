// Every page is looked at: by axe-core, which knows the rules of accessibility, and in pictures for people.

package page_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// axeCore is the version that looks.
const axeCore = "axe-core@4.14.1"

// axe is the script of axe-core, which npm fetches, once for the test.
func axe(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Fatalf("%v: it fetches %s", err, axeCore)
	}
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), npm, "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", axeCore)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("npm install %s: %v: %.300s", axeCore, err, out)
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// TestLook opens every page in light, in dark and narrow, and axe-core finds nothing in any of them.
func TestLook(t *testing.T) {
	b := browser(t)
	script := axe(t)
	d := startDaemon(t, true)
	for _, l := range plausible() {
		d.tell(identified, change(l))
	}
	d.settled(uint64(len(plausible())))
	port, end := listen(t)
	eventually(t, 30*time.Second, func() error {
		if !strings.Contains(d.html(fmt.Sprintf("/ports/%d", port)), "identified") {
			return fmt.Errorf("port %d is not identified", port)
		}
		return nil
	})
	end()
	blind := open(t, b, d, "/")
	blind.eval(`void document.querySelector('main').append(document.createElement('img'))`, nil)
	if found := blind.examined(script); len(found) != 1 || !strings.HasPrefix(found[0], "image-alt") {
		t.Fatalf("axe-core does not see what is wrong: %q", found)
	}
	for _, way := range []struct {
		name          string
		scheme        string
		width, height int64
	}{{"light", "light", 1280, 900}, {"dark", "dark", 1280, 900}, {"narrow", "light", 375, 812}, {"narrow-dark", "dark", 375, 812}} {
		p := open(t, b, d, "/", scheme(way.scheme), size(way.width, way.height))
		p.allow("404")
		for _, path := range append(pages(d), fmt.Sprintf("/ports/%d", port)) {
			p.do(navigate(d.url(path))...)
			p.until(20*time.Second, `document.readyState === 'complete' && (!document.querySelector('#link') || ['live', 'still'].includes(document.querySelector('#link').dataset.state))`)
			time.Sleep(200 * time.Millisecond)
			p.shoot(way.name + "-" + strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "%", "", d.journal.Bounds().Epoch, "e", fmt.Sprint(port), "N").Replace(path), "-"))
			if path == "/" {
				p.until(10*time.Second, `document.getElementById('link').dataset.state === 'live'`)
			}
			for _, found := range p.examined(script) {
				t.Errorf("%s, %s: %s", path, way.name, found)
			}
			if wide := p.text(`document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth + ' wide' : ''`); wide != "" {
				t.Errorf("%s, %s: the page is %s", path, way.name, wide)
			}
		}
	}
}

// examined is what axe-core finds in a page.
func (p *tab) examined(script string) []string {
	p.t.Helper()
	if _, err := runScript(p.ctx, script); err != nil {
		p.t.Fatalf("load axe-core: %v", err)
	}
	var found []string
	p.eval(`axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.flatMap((v) => v.nodes.slice(0, 3).map((n) => v.id + ': ' + v.help + ': ' + n.html.slice(0, 200) + ' ' + n.any.concat(n.all).map((c) => c.message).join('; ').slice(0, 300))))`, &found)
	return found
}
