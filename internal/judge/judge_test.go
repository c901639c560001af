package judge

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"rtevent"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func listener(addr string, f *rtevent.Finding, o ...rtevent.Owner) rtevent.Listener {
	a := netip.MustParseAddr(addr)
	return rtevent.Listener{Transport: rtevent.TCP, Address: a, Port: 3706, Scope: rtevent.ScopeOf(a), Finding: f, Holders: o}
}

func speaks(protocol, product string) *rtevent.Finding {
	return &rtevent.Finding{Protocol: protocol, Product: product, Confidence: rtevent.Strong, Behaviour: rtevent.Answers}
}

func packaged(exe, name string, intact bool) rtevent.Owner {
	return rtevent.Owner{PID: 7, Exe: exe, Package: &rtevent.Package{Manager: "dpkg", Name: name, Intact: &intact}}
}

func claim(name string, level rtevent.Level) []rtevent.Claim {
	return []rtevent.Claim{{Name: name, Level: level, Transport: rtevent.TCP, Port: 3706}}
}

func TestLabel(t *testing.T) {
	silent := &rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None}
	inTLS := speaks("http", "nginx")
	inTLS.TLS = &rtevent.TLS{Version: "1.3"}
	for _, c := range []struct {
		name     string
		finding  *rtevent.Finding
		claims   []rtevent.Claim
		practice []rtevent.Practice
		want     rtevent.Label
		summary  string
	}{
		{"nobody asked", nil, claim("rt-event", rtevent.Ghost), nil, rtevent.NotAsked, "not asked"},
		{"refused to ask", &rtevent.Finding{NotAsked: "asking would start cups.service"}, nil, nil, rtevent.NotAsked, "cups.service"},
		{"silent on a ghost", silent, claim("rt-event", rtevent.Ghost), nil, rtevent.Unidentified, "not known to be rt-event"},
		{"silent on nothing", silent, claim("", rtevent.Unassigned), nil, rtevent.Unidentified, "nobody registered"},
		{"unknown inside TLS", speaks("tls", ""), claim("https", rtevent.Standard), nil, rtevent.Unidentified, "not known to be https"},
		{"by its own name", speaks("http", ""), claim("http", rtevent.Standard), nil, rtevent.AsRegistered, "speaks http, as registered"},
		{"by an alias", speaks("http", ""), claim("http-alt", rtevent.Implemented), nil, rtevent.AsRegistered, "as registered"},
		{"by the secure name", inTLS, claim("https", rtevent.Standard), nil, rtevent.AsRegistered, "http (nginx) inside TLS"},
		{"the secure name without TLS", speaks("http", "nginx"), claim("https", rtevent.Standard), nil, rtevent.Mislabelled, "not https"},
		{"the second name of the port", speaks("ssh", ""), append(claim("alpha", rtevent.Ghost), claim("ssh", rtevent.Standard)...), nil, rtevent.AsRegistered, "ssh"},
		{"something else", speaks("redis", "Redis"), claim("rt-event", rtevent.Ghost), nil, rtevent.Mislabelled, "speaks redis (Redis), not rt-event"},
		{"nobody registered", speaks("redis", ""), claim("", rtevent.Dynamic), nil, rtevent.Unregistered, "nobody registered"},
		{"practice by protocol", speaks("redis", ""), claim("hbci", rtevent.Squatted), []rtevent.Practice{{Software: "KeyDB", Speaks: "redis"}}, rtevent.AsPractised, "practice"},
		{"practice of a generic protocol needs the software", speaks("http", "nginx"), claim("hbci", rtevent.Squatted), []rtevent.Practice{{Software: "Grafana", Speaks: "http"}}, rtevent.Mislabelled, "not hbci"},
		{"practice by protocol and software", speaks("http", "Grafana"), claim("hbci", rtevent.Squatted), []rtevent.Practice{{Software: "Node.js (Express), Grafana", Speaks: "http"}}, rtevent.AsPractised, "hbci"},
		{"the software without the protocol", speaks("redis", "Grafana"), claim("hbci", rtevent.Squatted), []rtevent.Practice{{Software: "Grafana", Speaks: "http"}}, rtevent.Mislabelled, "not hbci"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, v := Judge(Case{Listener: listener("127.0.0.1", c.finding), Claims: c.claims, Practice: c.practice, Now: now})
			if v.Label != c.want || !strings.Contains(v.Summary, c.summary) {
				t.Errorf("got %s: %q, want %s: ...%s...", v.Label, v.Summary, c.want, c.summary)
			}
		})
	}
}

func TestPracticeByOwner(t *testing.T) {
	o := rtevent.Owner{PID: 7, Exe: "/usr/bin/node", Program: &rtevent.Program{Kind: "node", Project: "uptime-kuma"}}
	_, v := Judge(Case{
		Listener: listener("127.0.0.1", speaks("http", ""), o),
		Claims:   claim("redwood-broker", rtevent.Ghost),
		Practice: []rtevent.Practice{{Software: "Uptime Kuma", Speaks: "http"}},
		Now:      now,
	})
	if v.Label != rtevent.AsPractised {
		t.Errorf("got %s, want as-practised: the project's name is the software's", v.Label)
	}
}

// TestSignals gives each signal one case in which it must be raised with its severity, and the case beside it, one
// fact away, in which it must not.
func TestSignals(t *testing.T) {
	script := func(pkg *rtevent.Package) *rtevent.Program {
		return &rtevent.Program{Kind: "python", Path: "/srv/agent.py", Package: pkg}
	}
	known := speaks("redis", "Redis")
	silent := &rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None}
	expired := speaks("http", "")
	expired.TLS = &rtevent.TLS{NotAfter: now.Add(-time.Hour)}
	valid := speaks("http", "")
	valid.TLS = &rtevent.TLS{NotAfter: now.Add(time.Hour)}
	own := rtevent.Owner{PID: 7, Exe: "/srv/agent"}
	edit := func(o rtevent.Owner, f func(*rtevent.Owner)) rtevent.Owner { f(&o); return o }
	hidden := listener("127.0.0.1", known, packaged("/usr/sbin/x", "x", true))
	hidden.HiddenFrom = []string{"/proc/net"}

	for _, c := range []struct {
		id       string
		severity rtevent.Severity
		raised   rtevent.Listener
		quiet    rtevent.Listener
	}{
		{"hidden", rtevent.High, hidden, listener("127.0.0.1", known)},
		{"exe-in-memory", rtevent.High,
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.ExeInMemory = true })), listener("127.0.0.1", known, own)},
		{"exe-deleted", rtevent.High,
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.ExeDeleted = true })), listener("127.0.0.1", known, own)},
		{"exe-deleted", rtevent.Low,
			listener("127.0.0.1", known, edit(packaged("/usr/sbin/x", "x", false), func(o *rtevent.Owner) { o.ExeDeleted = true })),
			listener("127.0.0.1", known, packaged("/usr/sbin/x", "x", true))},
		{"package-altered", rtevent.High,
			listener("127.0.0.1", known, packaged("/usr/sbin/x", "x", false)), listener("127.0.0.1", known, packaged("/usr/sbin/x", "x", true))},
		{"world-writable", rtevent.High,
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.WorldWritable = "/tmp" })), listener("127.0.0.1", known, own)},
		{"disguised", rtevent.High,
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.Cmdline = []string{"[kworker/0:1]"} })),
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.Cmdline = []string{"kworker"} }))},
		{"no-package", rtevent.Info, listener("127.0.0.1", known, own), listener("127.0.0.1", known, packaged("/srv/agent", "x", true))},
		{"no-package", rtevent.Low, listener("192.0.2.1", known, own),
			listener("192.0.2.1", known, edit(own, func(o *rtevent.Owner) { o.Unread = []string{"package: no package database"} }))},
		{"no-package", rtevent.Info,
			listener("127.0.0.1", known, edit(packaged("/usr/bin/python3", "python3", true), func(o *rtevent.Owner) { o.Program = script(nil) })),
			listener("127.0.0.1", known, edit(packaged("/usr/bin/python3", "python3", true), func(o *rtevent.Owner) { o.Program = script(&rtevent.Package{Name: "agent"}) }))},
		{"unknown-program", rtevent.Medium, listener("127.0.0.1", silent, own), listener("127.0.0.1", silent, packaged("/srv/agent", "x", true))},
		{"shell-exposed", rtevent.High, listener("0.0.0.0", silent, packaged("/usr/bin/bash", "bash", true)),
			listener("127.0.0.1", silent, packaged("/usr/bin/bash", "bash", true))},
		{"relay-exposed", rtevent.Medium, listener("::", silent, packaged("/usr/bin/socat", "socat", true)),
			listener("192.0.2.1", silent, packaged("/usr/bin/socat", "socat", true))},
		{"relay-exposed", rtevent.Medium,
			listener("::", silent, edit(packaged("/usr/bin/busybox", "busybox", true), func(o *rtevent.Owner) { o.Invoked = "/usr/bin/nc" })),
			listener("::", silent, packaged("/usr/bin/busybox", "busybox", true))},
		{"interpreter-exposed", rtevent.Medium,
			listener("::", known, edit(packaged("/usr/bin/python3", "python3", true), func(o *rtevent.Owner) { o.Program = script(nil) })),
			listener("::", known, edit(packaged("/usr/bin/python3", "python3", true), func(o *rtevent.Owner) { o.Program = script(&rtevent.Package{Name: "agent"}) }))},
		{"claim-differs", rtevent.Low, listener("0.0.0.0", known), listener("127.0.0.1", known)},
		{"certificate-expired", rtevent.Low, listener("127.0.0.1", expired), listener("127.0.0.1", valid)},
		{"exe-newer", rtevent.Low,
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.Started, o.ExeModified = now.Add(-time.Hour), now })),
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) { o.Started, o.ExeModified = now, now.Add(-time.Hour) }))},
		{"exe-arrived", rtevent.Info,
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) {
				o.Started, o.ExeChanged, o.ExeModified = now, now.Add(-time.Minute), now.Add(-1000*time.Hour)
			})),
			listener("127.0.0.1", known, edit(own, func(o *rtevent.Owner) {
				o.Started, o.ExeChanged, o.ExeModified = now, now.Add(-time.Minute), now.Add(-time.Minute)
			}))},
		{"owner-unseen", rtevent.Info, listener("127.0.0.1", known, rtevent.Owner{Unseen: "needs CAP_SYS_PTRACE"}), listener("127.0.0.1", known, own)},
	} {
		t.Run(c.id+" "+string(c.severity), func(t *testing.T) {
			if got := severityOf(c.raised, c.id); got != c.severity {
				t.Errorf("raised as %q, want %q", got, c.severity)
			}
			if got := severityOf(c.quiet, c.id); got == c.severity {
				t.Errorf("raised as %q without its fact", got)
			}
		})
	}
}

func severityOf(l rtevent.Listener, id string) rtevent.Severity {
	_, v := Judge(Case{Listener: l, Claims: claim("ssh", rtevent.Standard), Now: now})
	for _, s := range v.Signals {
		if s.ID == id {
			return s.Severity
		}
	}
	return ""
}

func TestGravestFirstAndOnce(t *testing.T) {
	worker := rtevent.Owner{PID: 7, Exe: "/tmp/x", WorldWritable: "/tmp"}
	_, v := Judge(Case{Listener: listener("0.0.0.0", speaks("redis", ""), worker, worker), Claims: claim("ssh", rtevent.Standard), Now: now})
	if len(v.Signals) < 2 || v.Signals[0].ID != "world-writable" || v.Signals[1].ID == "world-writable" {
		t.Errorf("want world-writable first and once, got %+v", v.Signals)
	}
}

func TestCodeOnTheCommandLine(t *testing.T) {
	o := rtevent.Owner{PID: 7, Exe: "/usr/bin/python3.11", Program: &rtevent.Program{Kind: "python", Name: "-c"}}
	_, v := Judge(Case{Listener: listener("0.0.0.0", speaks("redis", ""), o), Claims: claim("ssh", rtevent.Standard), Now: now})
	if want := "python3.11 runs the code on its command line, which no package owns, on all addresses"; v.Signals[0].Why != want {
		t.Errorf("got %q, want %q", v.Signals[0].Why, want)
	}
}
