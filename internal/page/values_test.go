// Listeners as nobody should meet them: every text of theirs comes from somebody who means harm.

package page_test

import (
	"net/netip"
	"reflect"
	"time"

	"rtevent"
)

const (
	opened     = rtevent.ListenerOpened
	identified = rtevent.ListenerIdentified
	changed    = rtevent.ListenerChanged
	closed     = rtevent.ListenerClosed
)

// listener is a plain one.
func listener(port int) rtevent.Listener {
	uid := uint32(33)
	intact := true
	return rtevent.Listener{
		Host: "host", Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: uint16(port), Scope: rtevent.Loopback,
		Holders: []rtevent.Owner{{PID: 4000 + port, Name: "billing", Exe: "/srv/billing", User: "www-data", UID: &uid, Unit: "billing.service", Package: &rtevent.Package{Manager: "dpkg", Name: "billing", Intact: &intact}}},
		Claim:   &rtevent.Claim{Name: "rt-event", Transport: rtevent.TCP, Port: uint16(port), Level: rtevent.Ghost},
		Finding: &rtevent.Finding{Protocol: "http", Product: "nginx", Version: "1.22.1", Confidence: rtevent.Strong, Behaviour: rtevent.Answers},
		Verdict: &rtevent.Verdict{Label: rtevent.Mislabelled, Summary: "speaks http (nginx 1.22.1), not rt-event"},
	}
}

func change(l rtevent.Listener) rtevent.ListenerChange { return rtevent.ListenerChange{Listener: &l} }

// hostile is what a peer would say: HTML that runs, orders to a terminal, text that runs backwards, what breaks out of
// attributes, templates and scripts.
const hostile = "<script>window.hurt=1</script><img src=x onerror=window.hurt=2>\"'><svg/onload=window.hurt=3>\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\u200b\x00{{.}}${window.hurt=4}</title></script><!--"

// hurtful puts the text in every field of a listener that is text, however deep.
func hurtful(l rtevent.Listener) rtevent.Listener {
	no := false
	uid := uint32(0)
	o := rtevent.Owner{
		PID: 666, UID: &uid, Cmdline: []string{"a", "b"}, Container: &rtevent.Container{}, Package: &rtevent.Package{Intact: &no},
		Program: &rtevent.Program{Package: &rtevent.Package{}}, Ancestry: []rtevent.Ancestor{{PID: 1}}, Unread: []string{"x"}, Started: time.Now(),
	}
	seen, unseen := o, rtevent.Owner{}
	l.Holders = []rtevent.Owner{seen, unseen}
	l.Claim = &rtevent.Claim{Transport: l.Transport, Port: l.Port, Level: rtevent.Ghost, Basis: []rtevent.Fact{{}, {Silent: true}}}
	l.Finding = &rtevent.Finding{
		TLS: &rtevent.TLS{Names: []string{"x", "y"}}, Confidence: rtevent.Weak, Evidence: []rtevent.Evidence{{}, {}}, Tried: []string{"x"}, Details: map[string]string{"x": "y"},
	}
	l.Verdict = &rtevent.Verdict{Label: rtevent.Mislabelled, Signals: []rtevent.Signal{{Severity: rtevent.High}}}
	keep := map[string]bool{"Host": true, "Transport": true, "Scope": true, "Level": true, "Confidence": true, "Behaviour": true, "Label": true, "Severity": true, "NotAsked": true, "Device": true, "Namespace": true}
	fill(reflect.ValueOf(&l).Elem(), keep)
	l.Holders[0].Unseen, l.Holders[0].Activates = "", ""
	return l
}

func fill(v reflect.Value, keep map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), keep)
		}
	case reflect.Struct:
		if v.Type().PkgPath() != "rtevent" {
			return
		}
		for i := range v.NumField() {
			if !keep[v.Type().Field(i).Name] {
				fill(v.Field(i), keep)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), keep)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{hostile: hostile}))
	case reflect.String:
		v.SetString(hostile)
	}
}

// odd are listeners whose words are hard: each shows another turn of phrase.
func odd() []rtevent.Listener {
	var all []rtevent.Listener
	add := func(f func(l *rtevent.Listener)) {
		l := listener(20000 + len(all))
		f(&l)
		all = append(all, l)
	}
	no, uid := false, uint32(0)
	add(func(l *rtevent.Listener) {})
	add(func(l *rtevent.Listener) { l.Finding, l.Verdict, l.Claim = nil, nil, nil })
	add(func(l *rtevent.Listener) {
		l.Finding = &rtevent.Finding{NotAsked: "--no-probe", Confidence: rtevent.None}
		l.Verdict.Label = rtevent.NotAsked
	})
	add(func(l *rtevent.Listener) {
		l.Finding = &rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None}
		l.Verdict.Label = rtevent.Unidentified
	})
	add(func(l *rtevent.Listener) {
		l.Transport = rtevent.UDP
		l.LikelyClient = true
		l.Finding = &rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None}
	})
	add(func(l *rtevent.Listener) { l.Finding = &rtevent.Finding{Confidence: rtevent.None} })
	add(func(l *rtevent.Listener) {
		l.Finding = &rtevent.Finding{Protocol: "tls", Behaviour: rtevent.Closes, TLS: &rtevent.TLS{Version: "1.3"}}
	})
	add(func(l *rtevent.Listener) {
		l.Finding.TLS = &rtevent.TLS{Version: "1.2"}
		l.Finding.Confidence = rtevent.Weak
		l.Finding.Version = ""
	})
	add(func(l *rtevent.Listener) {
		l.Address = netip.MustParseAddr("::")
		l.DualStack = true
		l.Scope = rtevent.All
	})
	add(func(l *rtevent.Listener) {
		l.Address = netip.MustParseAddr("::")
		l.Device = "eth0"
		l.Scope = rtevent.All
	})
	add(func(l *rtevent.Listener) {
		l.Address = netip.MustParseAddr("0.0.0.0")
		l.DualStack = true
		l.Scope = rtevent.All
	})
	add(func(l *rtevent.Listener) {
		l.Address = netip.MustParseAddr("fe80::1")
		l.Scope = rtevent.Interface
		l.Namespace = "/run/netns/blue"
		l.NetNS = 7
	})
	add(func(l *rtevent.Listener) {
		l.Holders = []rtevent.Owner{{Unseen: "needs CAP_SYS_PTRACE", Unit: "x.service", UID: &uid}}
	})
	add(func(l *rtevent.Listener) {
		l.Holders = []rtevent.Owner{{PID: 1, Name: "systemd", Exe: "/lib/systemd/systemd", Activates: "ssh.service"}, {PID: 9, Exe: "/usr/sbin/sshd", Name: "sshd"}}
	})
	add(func(l *rtevent.Listener) {
		l.Holders = []rtevent.Owner{{PID: 2, Name: "worker", Exe: "/usr/bin/busybox", Invoked: "/bin/nc", ForwardsTo: "10.0.0.1:80"}}
	})
	add(func(l *rtevent.Listener) { l.Holders = []rtevent.Owner{{PID: 3}} })
	add(func(l *rtevent.Listener) {
		l.Holders[0].Program = &rtevent.Program{Kind: "go", Name: "acme/billing", Version: "v1.4.2"}
	})
	add(func(l *rtevent.Listener) {
		l.Holders[0].Package = nil
		l.Holders[0].Program = &rtevent.Program{Kind: "go", Name: "acme/billing", Version: "v1.4.2"}
	})
	add(func(l *rtevent.Listener) {
		l.Holders[0].Package.Intact = &no
		l.Holders[0].Container = &rtevent.Container{Runtime: "docker", ID: "0123456789abcdef0123456789abcdef"}
	})
	add(func(l *rtevent.Listener) {
		l.Holders[0].Package.Intact = nil
		l.Holders[0].Container = &rtevent.Container{Runtime: "docker", ID: "0123456789abcdef", Name: "web"}
	})
	add(func(l *rtevent.Listener) {
		l.Holders[0].Program = &rtevent.Program{Kind: "python", Name: "agent", Path: "/srv/a gent.py", Project: "/srv/", Package: &rtevent.Package{Name: "agent"}}
	})
	add(func(l *rtevent.Listener) {
		l.Verdict.Signals = []rtevent.Signal{{ID: "hidden", Severity: rtevent.High, Why: "the kernel shows it in one view"}}
	})
	add(func(l *rtevent.Listener) {
		l.Verdict.Signals = []rtevent.Signal{{ID: "unknown-program", Severity: rtevent.Medium, Why: "it is not known"}}
	})
	add(func(l *rtevent.Listener) {
		l.Verdict.Signals = []rtevent.Signal{{ID: "no-package", Severity: rtevent.Info, Why: "no package owns it"}}
	})
	add(func(l *rtevent.Listener) { l.Claim = &rtevent.Claim{Level: rtevent.Dynamic} })
	add(func(l *rtevent.Listener) {
		l.Finding.Product = "Mü🙂 日本\u00a0\u00ad x\tz"
		l.Holders[0].Unit = "a\u2028b"
	})
	add(func(l *rtevent.Listener) { *l = hurtful(*l) })
	return all
}

// plausible is a host as it might be.
func plausible() []rtevent.Listener {
	intact, root, www := true, uint32(0), uint32(33)
	owner := func(name, exe, unit, user string, uid *uint32, pkg string) rtevent.Owner {
		o := rtevent.Owner{
			PID: 800 + len(name), Name: name, Exe: exe, Unit: unit, User: user, UID: uid, Started: time.Now().Add(-26 * time.Hour), Cmdline: []string{exe, "--config", "/etc/" + name + ".conf"},
			Ancestry: []rtevent.Ancestor{{PID: 1, Name: "systemd"}},
		}
		if pkg != "" {
			o.Package = &rtevent.Package{Manager: "dpkg", Name: pkg, Version: "1.2-3", Intact: &intact}
		}
		return o
	}
	claim := func(name, description string, level rtevent.Level) *rtevent.Claim {
		return &rtevent.Claim{Name: name, Description: description, Transport: rtevent.TCP, Level: level}
	}
	strong := func(protocol, product, version string) *rtevent.Finding {
		return &rtevent.Finding{Protocol: protocol, Product: product, Version: version, Confidence: rtevent.Strong, Behaviour: rtevent.Answers, Tried: []string{"wait", protocol}, Connections: 2, TookMS: 14,
			Evidence: []rtevent.Evidence{{Asked: protocol, Sent: `"GET / HTTP/1.0\r\n\r\n"`, Saw: `"HTTP/1.1 200 OK\r\nServer: ` + product + `/` + version + `\r\n"`, Says: "its own answer"}}}
	}
	all := netip.MustParseAddr("::")
	l := func(port uint16, on netip.Addr, o rtevent.Owner, c *rtevent.Claim, f *rtevent.Finding, v rtevent.Verdict) rtevent.Listener {
		c.Port = port
		return rtevent.Listener{Host: "host", Transport: rtevent.TCP, Address: on, Port: port, Scope: rtevent.ScopeOf(on), DualStack: on == all, Holders: []rtevent.Owner{o}, Claim: c, Finding: f, Verdict: &v}
	}
	loop := netip.MustParseAddr("127.0.0.1")
	silent := &rtevent.Finding{Confidence: rtevent.None, Behaviour: rtevent.Silent, Tried: []string{"wait", "tls", "http", "line"}, Connections: 4, TookMS: 812}
	web := strong("http", "nginx", "1.22.1")
	web.TLS = &rtevent.TLS{Version: "1.3", ALPN: "h2", Subject: "CN=www.example.org", Issuer: "CN=Example CA", Names: []string{"www.example.org", "example.org"}, NotAfter: time.Now().Add(40 * 24 * time.Hour), SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
	return []rtevent.Listener{
		l(22, all, owner("sshd", "/usr/sbin/sshd", "ssh.service", "root", &root, "openssh-server"), claim("ssh", "The Secure Shell (SSH) Protocol", rtevent.Standard), strong("ssh", "OpenSSH", "9.2p1"), rtevent.Verdict{Label: rtevent.AsRegistered, Summary: "speaks ssh (OpenSSH 9.2p1), as registered"}),
		l(443, all, owner("nginx", "/usr/sbin/nginx", "nginx.service", "www-data", &www, "nginx"), claim("https", "http protocol over TLS/SSL", rtevent.Standard), web, rtevent.Verdict{Label: rtevent.AsRegistered, Summary: "speaks http (nginx 1.22.1) inside TLS, as registered"}),
		l(3000, all, owner("billing", "/srv/billing/billing", "billing.service", "www-data", &www, ""), claim("hbci", "HBCI", rtevent.Squatted), strong("http", "Go net/http", ""), rtevent.Verdict{Label: rtevent.Mislabelled, Summary: "speaks http (Go net/http), not hbci", Signals: []rtevent.Signal{{ID: "no-package", Severity: rtevent.Low, Why: "no package owns /srv/billing/billing"}}}),
		l(3706, loop, owner("python3", "/usr/bin/python3.11", "", "root", &root, "python3.11-minimal"), claim("rt-event", "Real-Time Event Port", rtevent.Ghost), silent, rtevent.Verdict{Label: rtevent.Unidentified, Summary: "something listens, and it is not known to be rt-event", Signals: []rtevent.Signal{
			{ID: "world-writable", Severity: rtevent.High, Why: "anybody may write to /srv/agent, where its program lies"}, {ID: "unknown-program", Severity: rtevent.Medium, Why: "it is not known what it speaks, and no package owns /srv/agent/agent.py"}}}),
		l(5432, loop, owner("postgres", "/usr/lib/postgresql/15/bin/postgres", "postgresql@15-main.service", "postgres", &www, "postgresql-15"), claim("postgresql", "PostgreSQL Database", rtevent.Implemented), strong("postgresql", "PostgreSQL", "15.8"), rtevent.Verdict{Label: rtevent.AsRegistered, Summary: "speaks postgresql (PostgreSQL 15.8), as registered"}),
		l(9200, loop, owner("java", "/usr/share/elasticsearch/jdk/bin/java", "elasticsearch.service", "elasticsearch", &www, "elasticsearch"), claim("wap-wsp", "WAP connectionless session service", rtevent.Squatted), strong("http", "Elasticsearch", "8.15"), rtevent.Verdict{Label: rtevent.AsPractised, Summary: "speaks http (Elasticsearch 8.15), as practice has it; the registered name is wap-wsp"}),
		l(4444, all, owner("ncat", "/usr/bin/ncat", "", "www-data", &www, "ncat"), claim("krb524", "KRB524", rtevent.Ghost), silent, rtevent.Verdict{Label: rtevent.Unidentified, Summary: "something listens, and it is not known to be krb524", Signals: []rtevent.Signal{{ID: "relay-exposed", Severity: rtevent.Medium, Why: "ncat, which hands connections to whatever it is told, listens on all addresses"}}}),
	}
}
