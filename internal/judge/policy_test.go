package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

func policy(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := ReadPolicy("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReadPolicy(t *testing.T) {
	p := policy(t, `# what may listen
policy: 1
allow:
  - port: 22/tcp
    scope: all
    program: /usr/sbin/sshd
    user: [root, "0"]
    required: true
    reason: administration
  - port: [80, "8000-9000, 443/tcp"]
    transport: tcp
    expires: 2026-12-31
  - {unit: "cups*.service", address: "0:0::1", expires: 2026-12-31T18:00:00+02:00}
`)
	want := []Rule{
		{Line: 4, Ports: []Ports{{22, 22, "tcp"}}, Port: "22/tcp", Scope: "all", Program: Patterns{"/usr/sbin/sshd"}, User: Patterns{"root", "0"}, Required: true, Reason: "administration"},
		{Line: 10, Ports: []Ports{{80, 80, ""}, {8000, 9000, ""}, {443, 443, "tcp"}}, Port: "80, 8000-9000, 443/tcp", Transport: "tcp", Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Line: 13, Unit: Patterns{"cups*.service"}, Address: "::1", Expires: time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, p.Rules, cmp.Transformer("utc", func(t time.Time) time.Time { return t.UTC() })); diff != "" {
		t.Error(diff)
	}
}

// TestPolicyMistakes holds that a mistake is told with its file, its line, and what is allowed.
func TestPolicyMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "line 1: it is empty"},
		{"allow: []\nallow: []", "line 2: \"allow\" is given twice"},
		{"allow:\n  - prot: 22", "line 2: there is no key \"prot\"; the keys are port, transport"},
		{"rules:\n", "line 1: there is no key \"rules\"; the keys are policy, allow"},
		{"policy: 2\nallow: []", "line 1: policy: this rtevent reads version 1, not \"2\""},
		{"allow: 22", "line 1: allow: want a list of rules"},
		{"allow:\n  - 22", "line 2: want keys and values"},
		{"allow:\n  - reason: none", "line 2: a rule without any condition would allow everything"},
		{"allow:\n  - port: 22\n    port: 23", "line 3: \"port\" is given twice"},
		{"allow:\n  - port: 0", "line 2: port: \"0\" is none: want 22, 8000-9000 or 53/udp"},
		{"allow:\n  - port: 65536", "\"65536\" is none"},
		{"allow:\n  - port: 90-80", "\"90-80\" is none"},
		{"allow:\n  - port: 22/sctp", "\"22/sctp\" is none"},
		{"allow:\n  - port:\n    - 22\n    - ssh", "line 4: port: \"ssh\" is none"},
		{"allow:\n  - port: []", "line 2: port: the list is empty"},
		{"allow:\n  - port: {a: b}", "line 2: port: want 22"},
		{"allow:\n  - port: 22\n    transport: sctp", "line 3: transport: \"sctp\" is none: want tcp or udp"},
		{"allow:\n  - port: 22\n    scope: local", "line 3: scope: \"local\" is none: want loopback, interface"},
		{"allow:\n  - port: 22\n    address: here", "line 3: address: \"here\" is none"},
		{"allow:\n  - port: 22\n    program: '['", "line 3: program: \"[\" is no pattern"},
		{"allow:\n  - port: 22\n    program:", "line 3: program: want a text"},
		{"allow:\n  - port: 22\n    program: []", "line 3: program: the list is empty"},
		{"allow:\n  - port: 22\n    required: maybe", "line 3: required: want true or false"},
		{"allow:\n  - port: 22\n    expires: soon", "line 3: expires: \"soon\" is no date: want the last day"},
		{"allow:\n  - port: 22\n    reason: [a]", "line 3: reason: want a single value"},
		{"allow:\n  - port: 22\n\t- port: 23", "tab character"},
		{"a: &a [*a]", "line 1"},
		{"allow: []\n---\nallow:\n  - port: 22", "line 2: a second document begins"},
		{"allow: []\n---\n[", "line 3: "},
		{strings.Repeat("#", PolicyBytes+1), "larger than"},
	} {
		_, err := ReadPolicy("policy.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "policy.yaml") {
			t.Errorf("%q: got %v, want ...%s...", c.text[:min(len(c.text), 60)], err, c.want)
		}
	}
}

// TestAllows holds a listener against one rule at a time: each condition has one that meets it, one that does not, and
// where that can be, one of which it is not known.
func TestAllows(t *testing.T) {
	uid := uint32(33)
	web := rtevent.Owner{PID: 7, Name: "nginx", Exe: "/usr/sbin/nginx", User: "www-data", UID: &uid, Unit: "nginx.service",
		Package: &rtevent.Package{Name: "nginx"}, Container: &rtevent.Container{ID: "abc", Name: "web"}}
	script := rtevent.Owner{PID: 8, Exe: "/usr/bin/python3.11", User: "root", Package: &rtevent.Package{Name: "python3.11-minimal"},
		Program: &rtevent.Program{Kind: "python", Path: "/srv/agent.py", Name: "agent.py"}}
	worker := rtevent.Owner{PID: 9, Exe: "/usr/sbin/nginx", User: "nobody", Ancestry: []rtevent.Ancestor{{PID: 7, Name: "nginx"}, {PID: 1}}}
	stranger := rtevent.Owner{PID: 10, Exe: "/tmp/x", User: "www-data", Ancestry: []rtevent.Ancestor{{PID: 7}}}
	told := rtevent.Owner{PID: 11, Exe: "/tmp/x", UID: &uid, Unseen: rtevent.NotRead}
	toldScript := rtevent.Owner{PID: 11, Exe: "/usr/bin/python3.11", Unseen: rtevent.NotRead}
	hidden := rtevent.Owner{Unseen: "needs CAP_SYS_PTRACE", User: "www-data", Unit: "nginx.service"}
	activator := rtevent.Owner{PID: 1, Name: "systemd", Exe: "/usr/lib/systemd/systemd", User: "root", Activates: "nginx.service"}
	http := speaks("http", "nginx")
	silent := &rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None}

	for _, c := range []struct {
		rule string
		l    rtevent.Listener
		want tri
		why  string
	}{
		{"port: 3706", listener("127.0.0.1", http, web), yes, ""},
		{"port: 3000-4000/tcp", listener("127.0.0.1", http, web), yes, ""},
		{"port: 3706/udp", listener("127.0.0.1", http, web), no, "no rule allows this port"},
		{"port: 3705", listener("127.0.0.1", http, web), no, "no rule allows this port"},
		{"transport: udp", listener("127.0.0.1", http, web), no, ""},
		{"port: 3706, scope: loopback", listener("127.0.0.1", http, web), yes, ""},
		{"port: 3706, scope: interface", listener("127.0.0.1", http, web), yes, ""},
		{"port: 3706, scope: interface", listener("0.0.0.0", http, web), no, "for scope interface, not all"},
		{"address: 127.0.0.1", listener("127.0.0.1", http, web), yes, ""},
		{"address: 127.0.0.2", listener("127.0.0.1", http, web), no, "for address 127.0.0.2, not 127.0.0.1"},
		{"program: /usr/sbin/nginx", listener("127.0.0.1", http, web), yes, ""},
		{"program: /usr/*/nginx", listener("127.0.0.1", http, web), yes, ""},
		{"program: /usr/*", listener("127.0.0.1", http, web), no, "not /usr/sbin/nginx"},
		{"program: /srv/agent.py", listener("127.0.0.1", http, script), yes, ""},
		{"program: /usr/bin/python3*", listener("127.0.0.1", http, script), yes, ""},
		{"package: nginx", listener("127.0.0.1", http, web), yes, ""},
		{"package: python3.11-minimal", listener("127.0.0.1", http, script), no, "and this has none"},
		{"unit: nginx.service", listener("127.0.0.1", http, web), yes, ""},
		{"unit: ssh.service", listener("127.0.0.1", http, web), no, "not nginx.service"},
		{"container: web", listener("127.0.0.1", http, web), yes, ""},
		{"container: abc", listener("127.0.0.1", http, web), yes, ""},
		{"container: web", listener("127.0.0.1", http, script), no, "and this has none"},
		{"user: www-data", listener("127.0.0.1", http, web), yes, ""},
		{`user: "33"`, listener("127.0.0.1", http, web), yes, ""},
		{"user: [root, www-data]", listener("127.0.0.1", http, web), yes, ""},
		{"user: root", listener("127.0.0.1", http, web), no, "not www-data"},
		{"protocol: http", listener("127.0.0.1", http, web), yes, ""},
		{"protocol: ssh", listener("127.0.0.1", http, web), no, "for protocol ssh, not http"},
		{"protocol: ssh", listener("127.0.0.1", silent, web), no, "not something that is not known"},
		{"protocol: ssh", listener("127.0.0.1", nil, web), unknown, "nobody asked yet"},
		{"protocol: ssh", listener("127.0.0.1", &rtevent.Finding{NotAsked: "--no-probe"}, web), unknown, "--no-probe"},
		{"port: 3706, expires: 2026-11-21", listener("127.0.0.1", http, web), no, "allows the port until 2026-11-21"},
		{"port: 3706, expires: 2026-11-22", listener("127.0.0.1", http, web), yes, ""},

		{"user: www-data", listener("127.0.0.1", http, web, worker), yes, ""},
		{"user: www-data, program: /usr/sbin/nginx", listener("127.0.0.1", http, web, stranger), no, "not /tmp/x"},
		{"program: [/usr/sbin/nginx, /tmp/x]", listener("127.0.0.1", http, web, stranger), yes, ""},
		{"program: /usr/sbin/nginx", listener("127.0.0.1", nil, told), no, "not /tmp/x"},
		{"program: /srv/agent.py", listener("127.0.0.1", nil, toldScript), unknown, "not read yet"},
		{"user: www-data", listener("127.0.0.1", nil, told), unknown, "the name of user 33"},
		{`user: "33"`, listener("127.0.0.1", nil, told), yes, ""},
		{"program: /usr/sbin/nginx", listener("127.0.0.1", http, hidden), unknown, "needs CAP_SYS_PTRACE"},
		{"unit: nginx.service, user: www-data", listener("127.0.0.1", http, hidden), yes, ""},
		{"unit: ssh.service", listener("127.0.0.1", http, hidden), no, "not nginx.service"},
		{"unit: nginx.service, program: /usr/sbin/nginx, user: www-data", listener("127.0.0.1", http, activator), yes, ""},
		{"unit: nginx.service, program: /usr/sbin/nginx", listener("127.0.0.1", http, activator, web), yes, ""},
	} {
		p := policy(t, "allow:\n  - {"+c.rule+"}\n")
		if got, why := p.allows(&c.l, now); got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: got %d %q, want %d ...%s...", c.rule, got, why, c.want, c.why)
		}
	}
}

func TestHold(t *testing.T) {
	p := policy(t, `
allow:
  - {port: 3706, program: /srv/agent, required: true}
  - {port: 5432, required: true}
  - {port: 9999, expires: 2026-01-01, reason: migration}
`)
	at := func(port uint16, o rtevent.Owner) rtevent.Listener {
		l := listener("127.0.0.1", nil, o)
		l.Port = port
		return l
	}
	agent := rtevent.Owner{PID: 7, Exe: "/srv/agent"}
	client := at(40000, agent)
	client.Transport, client.LikelyClient = rtevent.UDP, true
	h := p.Hold([]rtevent.Listener{at(3706, agent), at(3706, rtevent.Owner{Unseen: "needs root"}), at(4444, agent), at(9999, agent), client}, now)
	var got []string
	for _, d := range h.Deviations {
		got = append(got, d.String())
	}
	want := []string{
		"undecided: 3706/tcp: line 3 may allow it: its program is not known: needs root",
		"not-allowed: 4444/tcp: no rule allows this port",
		"not-allowed: 9999/tcp: line 5 allows the port until 2026-01-01",
		"missing: line 4 (5432): it is required, and nothing like it listens",
		"expired: line 5 (9999): it expired on 2026-01-01",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(h.Allowed) != 1 || h.Clients != 1 || len(h.Met) != 1 {
		t.Errorf("got %+v", h)
	}
}

func TestPolicySignal(t *testing.T) {
	p := policy(t, "allow: [{port: 22}]")
	l := listener("127.0.0.1", speaks("http", ""), packaged("/usr/sbin/nginx", "nginx", true))
	_, v := Judge(Case{Listener: l, Policy: p, Now: now})
	if len(v.Signals) == 0 || v.Signals[0].ID != "policy-violation" || v.Signals[0].Severity != rtevent.High {
		t.Errorf("got %+v", v.Signals)
	}
	l.Port = 22
	if _, v = Judge(Case{Listener: l, Policy: p, Now: now}); len(v.Signals) > 0 {
		t.Errorf("got %+v", v.Signals)
	}
}

// strange is a host whose names are hostile to YAML and to patterns.
func strange() []rtevent.Listener {
	intact := true
	return []rtevent.Listener{
		listener("127.0.0.1", speaks("http", ""), rtevent.Owner{PID: 7, Exe: "/srv/a [b]*\n# c: \"d\"", User: "yes", Package: &rtevent.Package{Name: "1.0", Intact: &intact}}),
		listener("::", speaks("http", ""), rtevent.Owner{PID: 7, Exe: "/srv/a [b]*\n# c: \"d\"", User: "yes", Package: &rtevent.Package{Name: "1.0", Intact: &intact}}),
		{Transport: "udp", Port: 53, Scope: rtevent.All, Holders: []rtevent.Owner{{Unseen: "needs\nroot", User: "-", Unit: "x.service"}}},
		{Transport: "tcp", Port: 40123, Scope: rtevent.All, Holders: []rtevent.Owner{{PID: 1, Name: "systemd", Activates: "\u2028a.service"}}},
	}
}

// TestLearn holds that what is learned allows exactly what it was learned from, reads well, and is always the same.
func TestLearn(t *testing.T) {
	listeners := strange()
	text := Learn("web 1\n", listeners)
	want := `# What may listen on web 1\n, as it was when this was learned. Read it before you trust it.
# ` + "`rtevent check --policy FILE` holds the host against it; add `required: true`, `reason:` and `expires:` by hand." + `
policy: 1
allow:
  # who holds it could not be seen: needs\nroot
  - port: 53/udp
    scope: all
    unit: x.service
    user: "-"
  - port: 3706/tcp
    scope: all
    program: "/srv/a \\[b]\\*\u000a# c: \"d\""
    package: "1.0"
    user: "yes"
    protocol: http
  # the kernel seems to have chosen its port: it may be another one after a restart
  # systemd starts it when somebody connects
  - port: 32768-60999/tcp
    scope: all
    unit: "\u2028a.service"
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	if h := policy(t, string(text)).Hold(listeners, now); len(h.Deviations) > 0 {
		t.Errorf("what was learned does not allow what it was learned from: %+v", h.Deviations)
	}
}

func FuzzReadPolicy(f *testing.F) {
	f.Add([]byte("policy: 1\nallow:\n  - port: [22, 8000-9000]\n    program: /usr/*\n    expires: 2027-01-01\n"))
	f.Add(Learn("x", strange()))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ReadPolicy("f", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "read policy f") {
				t.Errorf("the message does not name the file: %v", err)
			}
			return
		}
		h := p.Hold(strange(), now)
		if len(h.Allowed)+h.Count(NotAllowed)+h.Count(Undecided) != len(strange()) {
			t.Errorf("a listener is lost: %+v", h)
		}
		for _, r := range p.Rules {
			if r.Line < 1 || r.String() == "anything" {
				t.Errorf("rule %+v", r)
			}
		}
	})
}

func FuzzLearn(f *testing.F) {
	f.Add("/usr/sbin/nginx", "www-data", "nginx.service", "nginx")
	f.Add("/a\\b[*?", "true", "~", "0x1f")
	f.Fuzz(func(t *testing.T, exe, user, unit, pkg string) {
		l := listener("127.0.0.1", nil, rtevent.Owner{PID: 1, Exe: exe, User: user, Unit: unit + ".service", Package: &rtevent.Package{Name: pkg}})
		p, err := ReadPolicy("f", Learn(exe, []rtevent.Listener{l}))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{exe, user, unit, pkg} {
			if strings.ToValidUTF8(s, "") != s {
				return // YAML has no way to write it
			}
		}
		if answer, why := p.allows(&l, now); answer != yes {
			t.Errorf("%+v: %s", p.Rules, why)
		}
	})
}
