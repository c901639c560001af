package testbed_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rtevent"
	"rtevent/testbed"
)

// Each odd server must get a truthful answer: how it behaves, and no name that it does not deserve.
var oddities = []struct {
	kind       []string
	behaviours []rtevent.Behaviour // any of these is true; none: not looked at
	protocol   string
	tls        bool
	most       int // connections; 0: as many as a silent one may cost
}{
	{kind: []string{"silent"}, behaviours: []rtevent.Behaviour{rtevent.Silent}},
	{kind: []string{"closes"}, behaviours: []rtevent.Behaviour{rtevent.Closes}},
	{kind: []string{"closes-on-data"}, behaviours: []rtevent.Behaviour{rtevent.ClosesOnData}, most: mostOfAll},
	{kind: []string{"echo"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}, protocol: "echo"},
	{kind: []string{"line"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"banner"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"json"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"binary"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"random"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"streams"}, behaviours: []rtevent.Behaviour{rtevent.Streams}},
	{kind: []string{"dribbles"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.Streams}},
	{kind: []string{"264"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"220"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"everything"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"escapes"}, behaviours: []rtevent.Behaviour{rtevent.Answers, rtevent.AnswersEverything}},
	{kind: []string{"http"}, behaviours: []rtevent.Behaviour{rtevent.Answers}, protocol: "http"},
	{kind: []string{"-tls", "http"}, behaviours: []rtevent.Behaviour{rtevent.Answers}, protocol: "http", tls: true},
	{kind: []string{"-tls", "silent"}, protocol: "tls", tls: true},
	{kind: []string{"-tls", "line"}, protocol: "tls", tls: true},
}

// How many connections a port may cost: one that shows no understanding, and any.
const (
	most      = 6
	mostOfAll = 16
)

// TestOddServers asks them all at once, as `rtevent` does.
func TestOddServers(t *testing.T) {
	servers := make([]*testbed.Odd, len(oddities))
	ports := make([]uint16, len(oddities))
	var list []string
	for i, o := range oddities {
		servers[i], ports[i] = odd(t, o.kind...)
		list = append(list, fmt.Sprintf("%d/tcp", ports[i]))
	}
	s := survey(t, run(t, "--json", "--port="+strings.Join(list, ",")))
	for i, o := range oddities {
		t.Run(strings.Join(o.kind, " "), func(t *testing.T) {
			at := slices.IndexFunc(s.Listeners, func(l rtevent.Listener) bool { return l.Port == ports[i] })
			if at < 0 {
				t.Fatalf("%d/tcp was not seen", ports[i])
			}
			l := s.Listeners[at]
			checkOdd(t, l, o.behaviours, o.protocol, o.tls)
			checkConnections(t, l.Finding, servers[i], cmp.Or(o.most, most))
			if p := l.Holders[0].PID; p != servers[i].PID() {
				t.Errorf("held by pid %d, want %d", p, servers[i].PID())
			}
		})
	}
}

func checkOdd(t *testing.T, l rtevent.Listener, behaviours []rtevent.Behaviour, protocol string, tls bool) {
	t.Helper()
	f := l.Finding
	if f.Protocol != protocol && !(f.Protocol == "" && protocol == "echo") {
		t.Errorf("protocol %q, want %q", f.Protocol, protocol)
	}
	if f.Product != "" && protocol == "" {
		t.Errorf("product %q for a program that gave no name", f.Product)
	}
	if len(behaviours) > 0 && !slices.Contains(behaviours, f.Behaviour) {
		t.Errorf("behaviour %q, want one of %q", f.Behaviour, behaviours)
	}
	if (f.TLS != nil) != tls {
		t.Errorf("TLS seen: %t, want %t", f.TLS != nil, tls)
	}
	if !f.Known() && l.Verdict.Label != rtevent.Unidentified {
		t.Errorf("label %q for an unknown protocol", l.Verdict.Label)
	}
	if t.Failed() {
		t.Logf("finding: %+v", *f)
	}
}

// checkConnections holds the count that was told against the server's own, and both against the promise.
func checkConnections(t *testing.T, f *rtevent.Finding, server *testbed.Odd, most int) {
	t.Helper()
	if n := server.Connections(); n != f.Connections || n > most {
		t.Errorf("%d connections came, %d were told, at most %d are allowed", n, f.Connections, most)
	}
}

// TestFirstQuestion is the one that this project is for: what is on 3706? The server has an address that nothing else on
// this machine takes.
func TestFirstQuestion(t *testing.T) {
	const address = "127.37.0.6"
	server, _ := oddAt(t, oddPath, "silent", address+":3706")
	all := page(t, 3706, rtevent.TCP)
	i := slices.IndexFunc(all, func(l rtevent.Listener) bool { return l.Address.String() == address })
	if i < 0 {
		t.Fatalf("%s:3706 was not seen", address)
	}
	l := all[i]
	checkOdd(t, l, []rtevent.Behaviour{rtevent.Silent}, "", false)
	checkConnections(t, l.Finding, server, most)
	if l.Claim.Name != "rt-event" || l.Claim.Level != rtevent.Ghost || l.Claim.Registered != "2003-02" || !strings.Contains(l.Claim.Assignee, "Gin") {
		t.Errorf("claim %+v, want the ghost rt-event of Terry Gin, 2003-02", *l.Claim)
	}
	text := run(t, "3706")
	for _, want := range []string{"3706/tcp", "rt-event", "ghost", "odd", "by hand"} {
		if !strings.Contains(text.Stdout, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	t.Logf("\n%s%s\n", text.Stdout, text.Took.Round(time.Millisecond))
}
