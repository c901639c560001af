package cli

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"rtevent"
	"rtevent/internal/iana"
)

// host is a small host as the stages would report it.
func host() []rtevent.Listener {
	intact := true
	at := func(addr string, port uint16, f rtevent.Finding, o rtevent.Owner, claim rtevent.Claim, v rtevent.Verdict) rtevent.Listener {
		a := netip.MustParseAddr(addr)
		return rtevent.Listener{Transport: rtevent.TCP, Address: a, Port: port, Scope: rtevent.ScopeOf(a),
			Holders: []rtevent.Owner{o}, Claim: &claim, Finding: &f, Verdict: &v}
	}
	return []rtevent.Listener{
		at("0.0.0.0", 22,
			rtevent.Finding{Protocol: "ssh", Product: "OpenSSH", Version: "9.2p1", Confidence: rtevent.Strong},
			rtevent.Owner{PID: 1, Name: "sshd", Exe: "/usr/sbin/sshd", User: "root", Unit: "ssh.service", Package: &rtevent.Package{Name: "openssh-server", Intact: &intact}},
			rtevent.Claim{Name: "ssh", Level: rtevent.Standard},
			rtevent.Verdict{Label: rtevent.AsRegistered, Signals: []rtevent.Signal{{ID: "package-altered", Severity: rtevent.High, Why: "x"}}}),
		at("2001:db8:1234:5678:9abc:def0:1234:5678", 3000,
			rtevent.Finding{Protocol: "http", Product: "Go net/http", TLS: &rtevent.TLS{Version: "1.3"}, Confidence: rtevent.Strong},
			rtevent.Owner{PID: 2, Name: "billing", Exe: "/srv/billing", Program: &rtevent.Program{Kind: "go", Name: "acme/billing", Version: "v1.4.2"}},
			rtevent.Claim{Name: "hbci", Level: rtevent.Squatted},
			rtevent.Verdict{Label: rtevent.Mislabelled}),
		at("127.0.0.1", 3706,
			rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None},
			rtevent.Owner{PID: 3, Name: "python3", Exe: "/usr/bin/python3.11", Invoked: "/usr/bin/python3",
				Package: &rtevent.Package{Name: "python3.11-minimal", Intact: &intact}, User: "root", Program: &rtevent.Program{Kind: "python", Path: "/srv/\x1b[31magent.py"}},
			rtevent.Claim{Name: "rt-event-with-a-long-name", Level: rtevent.Ghost},
			rtevent.Verdict{Label: rtevent.Unidentified, Signals: []rtevent.Signal{{ID: "world-writable", Severity: rtevent.High, Why: "x"}}}),
		at("127.0.0.1", 6379,
			rtevent.Finding{Protocol: "redis", Product: "Redis", Version: "7.0.15", Confidence: rtevent.Strong},
			rtevent.Owner{PID: 4, Name: "redis-server", Exe: "/usr/bin/redis-check-rdb", Invoked: "/usr/bin/redis-server", User: "redis"},
			rtevent.Claim{Name: "redis", Level: rtevent.Implemented},
			rtevent.Verdict{Label: rtevent.AsRegistered}),
		at("::", 9200,
			rtevent.Finding{NotAsked: "--no-probe"},
			rtevent.Owner{Unseen: "needs CAP_SYS_PTRACE", User: "root"},
			rtevent.Claim{Level: rtevent.Unassigned},
			rtevent.Verdict{Label: rtevent.NotAsked}),
	}
}

func render(t *testing.T, width int) string {
	t.Helper()
	var b strings.Builder
	table := newTable(screen{Writer: &b, width: width}, iana.Embedded())
	for _, l := range host() {
		table.row(l)
	}
	if _, err := table.end(rtevent.Coverage{Tier: "proc", Gaps: []rtevent.Gap{{What: "owner of 1 listener", Why: "permission denied", Remedy: "run it as root"}}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTableAt80Columns(t *testing.T) {
	got := render(t, 80)
	want := "PORT      ON        SPEAKS            WHO              CLAIMED  VERDICT\n" +
		"22/tcp    0.0.0.0   ssh OpenSSH 9.2p1 sshd ssh.service ssh      as registered !!\n" +
		"3000/tcp  2001:db8… http Go net/http  billing acme/bi… hbci     mislabelled\n" +
		"3706/tcp  127.0.0.1 - accepts, is si… python3 \\x1b[31… rt-eve…* unidentified !!\n" +
		"6379/tcp  127.0.0.1 redis 7.0.15      redis-server     redis    as registered\n" +
		"9200/tcp  [::]      ? not asked       unseen root      -        not asked\n"
	if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTableWidths holds at every width of a terminal: nothing is wider, nothing is raw, the verdicts stand in one column.
func TestTableWidths(t *testing.T) {
	for width := 80; width <= 240; width++ {
		verdict := -1
		for i, line := range strings.Split(strings.TrimSpace(render(t, width)), "\n") {
			if n := utf8.RuneCountInString(line); n > width {
				t.Fatalf("at %d columns, line %d has %d: %q", width, i, n, line)
			}
			if strings.Contains(line, "\x1b") {
				t.Fatalf("a terminal escape came through: %q", line)
			}
			if i == 0 {
				verdict = utf8.RuneCountInString(line[:strings.Index(line, "VERDICT")])
			}
			if i == 1 && string([]rune(line)[verdict:]) != "as registered !!" {
				t.Fatalf("at %d columns the verdict is not under its heading: %q", width, line)
			}
		}
	}
}

// TestTableAt200Columns holds that room is used: nothing of this host is cut.
func TestTableAt200Columns(t *testing.T) {
	got := render(t, 200)
	for _, want := range []string{"OpenSSH 9.2p1", "Go net/http, TLS 1.3", "ssh.service, root, package intact", "acme/billing v1.4.2", `/srv/\x1b[31magent.py`, "needs CAP_SYS_PTRACE"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTableTotals(t *testing.T) {
	got := render(t, 0)
	for _, want := range []string{
		"* a ghost: registered, and no sign of life found in 7 sources",
		"5 listeners: 3 identified (1 mislabelled), 1 unidentified, 1 not asked; 2 deserve scrutiny (22,\n3706).",
		"Seen by proc, with gaps:",
		"! owner of 1 listener: permission denied (run it as root)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestPair(t *testing.T) {
	for _, c := range []struct {
		room room
		name string
		rest []string
		want string
	}{
		{room{width: 17}, "redis", []string{"Redis 7.0.15", "TLS 1.3"}, "redis 7.0.15"},
		{room{width: 17}, "rpcbind", []string{"rpcbind", "TLS 1.3"}, "rpcbind TLS 1.3"},
		{room{width: 17}, "http", []string{"", "TLS 1.3"}, "http TLS 1.3"},
		{room{width: 16}, "python3", []string{"/srv/agent.py", "root"}, "python3 agent.py"},
		{room{width: 16}, "python3", []string{"", "/srv/agent.py", "root"}, "python3 agent.py"},
		{room{width: 16}, "redis-server", []string{"redis"}, "redis-server"},
		{room{width: 24, name: 12}, "redis", []string{"Redis 7.0.15"}, "redis        Redis 7.0.…"},
		{room{name: 8}, "redis", []string{"Redis 7.0.15", "", "TLS 1.3"}, "redis    Redis 7.0.15, TLS 1.3"},
		{room{width: 8}, "systemd-socket-activate", []string{"root"}, "systemd…"},
		{room{name: 8}, "-", nil, "-"},
	} {
		if got := pair(c.room, c.name, c.rest); got != c.want {
			t.Errorf("pair(%v, %q, %q) = %q, want %q", c.room, c.name, c.rest, got, c.want)
		}
	}
}

func TestTableOfNothing(t *testing.T) {
	var b strings.Builder
	if _, err := newTable(screen{Writer: &b, width: 80}, iana.Embedded()).end(rtevent.Coverage{Tier: "proc"}); err != nil {
		t.Fatal(err)
	}
	if want := "No listeners. Seen: every namespace, every owner (by proc).\n"; b.String() != want {
		t.Errorf("got %q, want %q", &b, want)
	}
}

// broken refuses every write, as a full disk does.
type broken struct{}

var errFull = errors.New("no space left")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestTableTellsBrokenOutput(t *testing.T) {
	for _, rows := range []rows{newTable(screen{Writer: broken{}, width: 80}, iana.Embedded()), newTable(screen{Writer: broken{}}, iana.Embedded()), &jsonRows{out: broken{}}} {
		for _, l := range host() {
			rows.row(l)
		}
		if _, err := rows.end(rtevent.Coverage{}); !errors.Is(err, errFull) {
			t.Errorf("%T: got %v, want %v", rows, err, errFull)
		}
	}
}
