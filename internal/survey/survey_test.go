package survey

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"rtevent"
	"rtevent/internal/iana"
)

// look surveys this host for the ports of some listeners; it skips where hosts cannot be observed yet.
func look(t *testing.T, o Options, ports ...uint16) []rtevent.Listener {
	t.Helper()
	o.Registry = iana.Embedded()
	o.Select = func(l rtevent.Listener) bool { return slices.Contains(ports, l.Port) }
	var got []rtevent.Listener
	_, err := Run(t.Context(), o, func(l rtevent.Listener) { got = append(got, l) })
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func portOf(t *testing.T, a net.Addr) uint16 {
	t.Helper()
	return a.(*net.TCPAddr).AddrPort().Port()
}

// TestSurvey looks at two real servers of this very process: the stages fill everything that they know.
func TestSurvey(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	webPort, silentPort := portOf(t, web.Listener.Addr()), portOf(t, silent.Addr())

	got := look(t, Options{}, webPort, silentPort)
	if len(got) != 2 || got[0].Port >= got[1].Port {
		t.Fatalf("want two listeners in the order of ports, got %+v", got)
	}
	for _, l := range got {
		switch {
		case len(l.Holders) != 1 || l.Holders[0].PID != os.Getpid():
			t.Errorf("%s: held by %+v, want this process", l.PortName(), l.Holders)
		case l.Claim == nil || l.Finding == nil || l.Verdict == nil:
			t.Errorf("%s: a stage said nothing: %+v", l.PortName(), l)
		case l.Port == webPort && l.Finding.Protocol != "http":
			t.Errorf("the web server speaks %q", l.Finding.Protocol)
		case l.Port == silentPort && (l.Finding.Protocol != "" || l.Finding.Behaviour != rtevent.Silent || l.Verdict.Label != rtevent.Unidentified):
			t.Errorf("the silent one: %+v, %+v", l.Finding, l.Verdict)
		}
	}
}

func TestSurveyAsksNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	connected := make(chan struct{})
	go func() {
		defer close(connected)
		if c, err := l.Accept(); err == nil {
			c.Close()
			t.Error("somebody was asked")
		}
	}()
	got := look(t, Options{NoProbe: true}, portOf(t, l.Addr()))
	l.Close()
	<-connected
	if len(got) != 1 || got[0].Verdict.Label != rtevent.NotAsked || got[0].Finding.NotAsked != "--no-probe" {
		t.Errorf("got %+v", got)
	}
}

func TestSurveyMatchesHolders(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	held := func(pid int) func(rtevent.Listener) bool {
		return func(l rtevent.Listener) bool {
			return slices.ContainsFunc(l.Holders, func(o rtevent.Owner) bool { return o.PID == pid })
		}
	}
	if got := look(t, Options{NoProbe: true, Match: held(os.Getpid())}, portOf(t, l.Addr())); len(got) != 1 {
		t.Errorf("held by this process, but got %+v", got)
	}
	if got := look(t, Options{NoProbe: true, Match: held(-1)}, portOf(t, l.Addr())); len(got) != 0 {
		t.Errorf("held by nobody of that pid, but got %+v", got)
	}
}

// TestSurveyCancelled holds that an interrupted survey still hands over every listener, and ends.
func TestSurveyCancelled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := portOf(t, l.Addr())
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err = Run(ctx, Options{
		Registry: iana.Embedded(),
		Select:   func(l rtevent.Listener) bool { return l.Port == port },
		Match:    func(rtevent.Listener) bool { cancel(); return true },
	}, func(l rtevent.Listener) {
		n++
		if l.Verdict == nil {
			t.Error("handed over without a verdict")
		}
	})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil || n != 1 {
		t.Errorf("got %d listeners, %v", n, err)
	}
}
