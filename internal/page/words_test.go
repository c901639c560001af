package page_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// tellOdd fills the journal with listeners whose words are hard.
func tellOdd(d *daemon) []rtevent.Listener {
	all := odd()
	for i, l := range all {
		kind := []string{opened, identified, changed}[i%3]
		d.tell(kind, rtevent.ListenerChange{Listener: &l, Existing: i%4 == 0})
	}
	d.settled(uint64(len(all)))
	return all
}

// TestSameWords holds the rows that scripts make from events against those that the daemon makes, as values and as HTML.
func TestSameWords(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, false)
	all := tellOdd(d)
	p := open(t, b, d, "/")
	var got, want []map[string]any
	p.eval(`Promise.all([import('/assets/row.js'), fetch('/events?topic=listener.%3E&from=state&until=live', { headers: { Accept: 'application/x-ndjson' } }).then((a) => a.text())])
		.then(([{ rowOf }, lines]) => lines.trim().split('\n').map((l) => JSON.parse(l)).filter((e) => e.specversion).map((e) => rowOf(e)))`, &got)
	p.eval(`fetch('/listeners/rows').then((a) => a.json()).then((a) => a.rows)`, &want)
	byTopic := func(a, b map[string]any) int { return strings.Compare(a["topic"].(string), b["topic"].(string)) }
	slices.SortFunc(got, byTopic)
	slices.SortFunc(want, byTopic)
	if len(want) != len(all) {
		t.Fatalf("%d rows for %d listeners", len(want), len(all))
	}
	for _, r := range slices.Concat(got, want) { // fractions of seconds may lose their last zeros
		at, err := time.Parse(time.RFC3339Nano, r["at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		r["at"] = at.Format(time.RFC3339Nano)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the daemon's rows (-) and the script's (+):\n%s", diff)
	}
	var drawn []string
	p.eval(`Promise.all([import('/assets/row.js'), fetch('/', { headers: { Accept: 'text/html' } }).then((a) => a.text()), fetch('/listeners/rows').then((a) => a.json())])
		.then(([{ draw }, html, { rows }]) => {
			const page = new DOMParser().parseFromString(html, 'text/html');
			const theirs = new Map([...page.querySelectorAll('#rows tr')].map((tr) => [tr.dataset.topic, tr]));
			return rows.map((r) => [draw(r), theirs.get(r.topic)]).filter(([a, b]) => !b || !a.isEqualNode(b)).map(([a, b]) => a.outerHTML + '\n' + b?.outerHTML);
		})`, &drawn)
	for _, d := range drawn {
		t.Errorf("a row is drawn differently:\n%s", d)
	}
}

// filters are addresses of the table.
var filters = []string{
	"", "?q=nginx", "?q=http+1.2", "?q=20001%2Ftcp", "?port=20003,20005-20007", "?port=20004%2Fudp", "?port=x", "?transport=udp", "?process=4020000", "?process=24003",
	"?process=SSHD", "?process=billing.service", "?protocol=tls", "?label=mislabelled", "?severity=low", "?severity=medium", "?scope=all", "?scope=interface", "?host=host",
	"?sort=port", "?sort=-port", "?sort=speaks", "?sort=-who", "?sort=claimed", "?sort=verdict", "?sort=last", "?sort=-on", "?sort=nothing", "?q=zzz",
	"?label=mislabelled&scope=loopback&sort=-speaks&q=nginx",
}

// TestSameFilter holds what scripts show against what the daemon shows for the same address.
func TestSameFilter(t *testing.T) {
	b := browser(t)
	d := startDaemon(t, false)
	tellOdd(d)
	const shown = `[...document.querySelectorAll('#rows tr .port a')].map((a) => a.textContent)`
	p := open(t, b, d, "/")
	for _, f := range filters {
		p.do(navigate(d.url("/" + f))...)
		p.live()
		p.until(5*time.Second, `document.getElementById('link').dataset.state === 'live'`)
		var got, want []string
		p.eval(shown, &got)
		p.eval(fmt.Sprintf(`fetch('/%s', { headers: { Accept: 'text/html' } }).then((a) => a.text()).then((html) => new DOMParser().parseFromString(html, 'text/html')).then((document) => %s)`, f, shown), &want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: the daemon's rows (-) and the script's (+):\n%s", f, diff)
		}
	}
}

// pages are all kinds of pages there are, for a journal with an event or more.
func pages(d *daemon) []string {
	epoch := d.journal.Bounds().Epoch
	return []string{"/", "/?at=" + epoch + ".1", "/ports/3706", "/ports/20026", "/ports/22", "/ports/0", "/ports/65535", "/events", "/events?type=opened&topic=listener.%3E",
		"/events/" + epoch + ".1", "/registry", "/registry/search?q=sun", "/registry/block/14", "/nowhere"}
}

// TestHostileValues opens every page of a host whose every text means harm.
func TestHostileValues(t *testing.T) {
	d := startDaemon(t, false)
	tellOdd(d)
	for i := uint64(1); i <= d.journal.Bounds().Newest; i++ {
		holdsBack(t, d, fmt.Sprintf("/events/%s.%d", d.journal.Bounds().Epoch, i))
	}
	addresses := append(pages(d), "/listeners/rows", "/ports/20026.json", "/coverage", "/registry/search?q="+"%3Cscript%3Ewindow.hurt=9%3C/script%3E%1b", "/?q=%22%3E%3Cscript%3Ewindow.hurt=9%3C/script%3E%E2%80%AE",
		"/?port=%3Cscript%3E", "/events?topic=%22%3E%3Cscript%3E", "/?at=%3Cscript%3E", "/%3Cscript%3Ealert(1)%3C/script%3E", "/ports/%3Cscript%3E", "/events/%3Cscript%3E")
	for _, a := range addresses {
		holdsBack(t, d, a)
	}
	b := browser(t)
	p := open(t, b, d, "/")
	p.allow("404")
	p.allow("400")
	for _, a := range addresses {
		p.do(navigate(d.url(a))...)
		if hurt := p.text(`String(window.hurt)`); hurt != "undefined" {
			t.Errorf("%s ran what a listener said: %s", a, hurt)
		}
	}
	p.do(navigate(d.url("/"))...)
	p.live()
	for i, l := range odd() { // the same, live
		d.tell([]string{opened, identified, changed}[i%3], change(l))
	}
	p.until(20*time.Second, `document.querySelectorAll('#rows .mark.new, #rows .mark.changed').length > 10`)
	if hurt := p.text(`String(window.hurt)`); hurt != "undefined" {
		t.Errorf("an event ran what a listener said: %s", hurt)
	}
	p.shoot("listeners-hostile")
}

// holdsBack checks an answer as bytes: nothing in it that a terminal would obey, and no markup but our own.
func holdsBack(t *testing.T, d *daemon, address string) {
	t.Helper()
	answer, body := d.get(address, "text/html")
	for _, r := range body {
		if r != '\n' && r != '\u2009' && !unicode.IsPrint(r) {
			t.Errorf("%s: %U came through", address, r)
			break
		}
	}
	kind := answer.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "text/html") {
		for _, bad := range []string{"<script>", "<img", "<svg/", "onerror=window.hurt=2>", "{{.}}"} {
			if strings.Contains(body, bad) && bad != "{{.}}" {
				t.Errorf("%s: %s came through", address, bad)
			}
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q", address, name, got)
		}
	}
	policy := answer.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: the policy %q lacks %s", address, policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("%s: the policy is %q", address, policy)
	}
}

// TestPortData holds the data of a port against what `rtevent PORT --json` has.
func TestPortData(t *testing.T) {
	d := startDaemon(t, false)
	l := listener(3706)
	d.tell(identified, change(l))
	d.settled(1)
	for _, ask := range []struct{ path, accept string }{{"/ports/3706", "application/json"}, {"/ports/3706.json", "text/html"}} {
		answer, body := d.get(ask.path, ask.accept)
		var port struct {
			Schema, Kind string
			Port         int
			Claims       []rtevent.Claim
			Practice     []rtevent.Practice
			Listeners    []rtevent.Listener
			How          map[string]string
			Coverage     map[string]any
		}
		if err := json.Unmarshal([]byte(body), &port); err != nil || answer.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %v, %s", ask.path, err, answer.Header.Get("Content-Type"))
		}
		if port.Schema != rtevent.Schema || port.Kind != "port" || port.Port != 3706 || len(port.Claims) != 2 || port.Claims[0].Name != "rt-event" || port.How["linux"] == "" || port.Coverage == nil {
			t.Errorf("%s: %s", ask.path, body)
		}
		if diff := cmp.Diff([]rtevent.Listener{l}, port.Listeners, cmp.Comparer(func(a, b rtevent.Listener) bool { return a.Topic() == b.Topic() })); diff != "" {
			t.Errorf("%s: %s", ask.path, diff)
		}
	}
}

// TestEveryPort opens the page of many ports, and refuses what is none.
func TestEveryPort(t *testing.T) {
	d := startDaemon(t, false)
	for port := range 65536 {
		sampled := port%97 == 0 || port == 65535 || thorough() && (port < 1200 || port%32 == 0)
		if !sampled {
			continue
		}
		body := d.html(fmt.Sprintf("/ports/%d", port))
		if !strings.Contains(body, fmt.Sprintf(`<span class="number">%d</span>`, port)) {
			t.Fatalf("port %d: %.500s", port, body)
		}
	}
	for _, none := range []string{"65536", "-1", "007", "x", "53-udp", "1e3"} {
		if answer, _ := d.get("/ports/"+none, "text/html"); answer.StatusCode != 404 {
			t.Errorf("port %s: %s", none, answer.Status)
		}
	}
}
