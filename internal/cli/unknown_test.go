package cli

import (
	"net/netip"
	"strings"
	"testing"

	"rtevent"
	"rtevent/internal/probe"
)

func unknownAt(port uint16, transport rtevent.Transport, f rtevent.Finding) probe.Result {
	return probe.Result{Listed: true, Endpoint: rtevent.Endpoint{Target: "192.0.2.7", Address: netip.MustParseAddr("192.0.2.7"), Port: port,
		Transport: transport, State: rtevent.Open, Finding: &f, Verdict: &rtevent.Verdict{Label: rtevent.Unidentified}}}
}

// TestRecording holds that the command which is offered says what was answered, and can be typed as it is.
func TestRecording(t *testing.T) {
	greeted := rtevent.Evidence{Asked: "wait", Saw: `"hello\n"`}
	answered := rtevent.Evidence{Asked: "line", Sent: `"HELP\r\n"`, Saw: `"what?\n"`}
	long := rtevent.Evidence{Asked: "x", Sent: `"xxxx"...`, Saw: `"?"`}
	quoted := rtevent.Evidence{Asked: "x", Sent: `"it's"`, Saw: `"?"`}
	for want, e := range map[string]rtevent.Endpoint{
		"rtevent record 192.0.2.7:1":                        unknownAt(1, rtevent.TCP, rtevent.Finding{}).Endpoint,
		"rtevent record 192.0.2.7:2":                        unknownAt(2, rtevent.TCP, rtevent.Finding{Evidence: []rtevent.Evidence{greeted}}).Endpoint,
		`rtevent record --say 'HELP\r\n' 192.0.2.7:3`:       unknownAt(3, rtevent.TCP, rtevent.Finding{Evidence: []rtevent.Evidence{long, quoted, answered}}).Endpoint,
		`rtevent record --tls --say 'HELP\r\n' 192.0.2.7:4`: unknownAt(4, rtevent.TCP, rtevent.Finding{TLS: &rtevent.TLS{}, Evidence: []rtevent.Evidence{answered}}).Endpoint,
		`rtevent record --udp --say 'HELP\r\n' 192.0.2.7:5`: unknownAt(5, rtevent.UDP, rtevent.Finding{Evidence: []rtevent.Evidence{answered}}).Endpoint,
	} {
		if got := recording(e); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestUnknownBounded holds that what is told at length stays short, and that the rest is counted.
func TestUnknownBounded(t *testing.T) {
	var u unknown
	for port := range 100 {
		u.add(unknownAt(uint16(port+1), rtevent.TCP, rtevent.Finding{Tried: []string{"wait"}, Connections: 1}))
	}
	text := strings.Join(u.lines(80), "\n")
	if strings.Count(text, "is not known: asked wait (1 connection).") != mostUnknown || !strings.Contains(text, "95 more") {
		t.Errorf("got\n%s", text)
	}
}
