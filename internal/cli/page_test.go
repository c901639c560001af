package cli

import (
	"net/netip"
	"strings"
	"testing"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/words"
)

// pageOf renders the page of what a user typed, with some listeners of the small host.
func pageOf(t *testing.T, width int, asked portRange, change func(*page)) string {
	t.Helper()
	var b strings.Builder
	p := newPage(iana.Embedded(), asked)
	for _, l := range host() {
		if asked.has(l) {
			p.Listeners = append(p.Listeners, l)
		}
	}
	if change != nil {
		change(p)
	}
	writePage(screen{Writer: &b, width: width}, p)
	return b.String()
}

func holds80(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 && !strings.Contains(line, "Windows") {
			t.Errorf("%d characters: %s", n, line)
		}
		if strings.ContainsRune(line, 0x1b) {
			t.Errorf("a terminal escape came through: %q", line)
		}
	}
}

func TestPage(t *testing.T) {
	greeting := `"220 ` + strings.Repeat(`\x1b[31m`, 40) + `"`
	for _, c := range []struct {
		name   string
		asked  portRange
		change func(*page)
		want   []string
		never  []string
	}{
		{"silent", portRange{first: 3706, last: 3706}, nil, []string{
			"accepts and never answers (asked in 0 ways, 0ms)",
			`held by python3 /srv/\x1b[31magent.py, pid 3, root, python3.11 from package python3.11-minimal`,
			"!! x", "no sign of life found in\n", "next to it: 3707 rt-event-s",
		}, []string{"not seen"}},
		{"nothing there", portRange{first: 53, last: 53, transport: rtevent.UDP}, nil,
			[]string{"53/udp  nothing listens on it here\n", "ss -lunp"}, []string{"here now", "(tcp"}},
		{"left out", portRange{first: 53, last: 53}, func(p *page) { p.filtered = true },
			[]string{"53  nothing that passes the filters listens on it here\n"}, nil},
		{"another namespace", portRange{first: 6379, last: 6379}, func(p *page) { p.Listeners[0].Namespace = "pid 812 (redis)" }, []string{
			"127.0.0.1:6379/tcp in the network namespace of pid 812 (redis) speaks redis",
			"held by /usr/bin/redis-check-rdb, as /usr/bin/redis-server, pid 4",
		}, nil},
		{"a greeting", portRange{first: 22, last: 22}, func(p *page) {
			p.Listeners[0].Finding.Evidence = []rtevent.Evidence{{Asked: "wait", Saw: greeting}}
		}, []string{`it greets with "220 \x1b[31m`}, nil},
		{"unseen", portRange{first: 9200, last: 9200}, func(p *page) {
			p.Listeners[0].Verdict.Signals = []rtevent.Signal{{ID: "owner-unseen", Severity: rtevent.Info, Why: "who holds it could not be seen"}}
			p.Coverage.Gaps = []rtevent.Gap{{What: "owners of 1 listener", Why: "needs CAP_SYS_PTRACE", Remedy: "run as root"}}
		}, []string{
			"held by a process that could not be seen (needs CAP_SYS_PTRACE), root claimed",
			"not seen   owners of 1 listener: needs CAP_SYS_PTRACE (run as root)",
		}, []string{"who holds it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := pageOf(t, 80, c.asked, c.change)
			holds80(t, got)
			plain := strings.Join(strings.Fields(got), " ")
			for _, want := range c.want {
				if !strings.Contains(got, want) && !strings.Contains(plain, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			for _, never := range c.never {
				if strings.Contains(got, never) {
					t.Errorf("%q in\n%s", never, got)
				}
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	for _, c := range []struct {
		l    rtevent.Listener
		want string
	}{
		{rtevent.Listener{Transport: rtevent.TCP, Address: netip.MustParseAddr("::"), Port: 22, DualStack: true}, "*:22/tcp"},
		{rtevent.Listener{Transport: rtevent.TCP, Address: netip.MustParseAddr("::"), Port: 22}, "[::]:22/tcp"},
		{rtevent.Listener{Transport: rtevent.UDP, Address: netip.MustParseAddr("::1"), Port: 53}, "[::1]:53/udp"},
		{rtevent.Listener{Transport: rtevent.UDP, Address: netip.MustParseAddr("192.0.2.1"), Port: 53, Namespace: "/run/netns/blue"},
			"192.0.2.1:53/udp in the network namespace /run/netns/blue"},
	} {
		if got := words.Endpoint(c.l); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
