package view

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"rtevent"
)

// press types keys as a terminal would send them.
func press(m *model, keys ...string) (quit bool) {
	for _, k := range keys {
		key := tea.Key{Text: k, Code: []rune(k)[0]}
		switch k {
		case "enter":
			key = tea.Key{Code: tea.KeyEnter}
		case "esc":
			key = tea.Key{Code: tea.KeyEscape}
		case "tab":
			key = tea.Key{Code: tea.KeyTab}
		case "up":
			key = tea.Key{Code: tea.KeyUp}
		case "down":
			key = tea.Key{Code: tea.KeyDown}
		case "end":
			key = tea.Key{Code: tea.KeyEnd}
		case "backspace":
			key = tea.Key{Code: tea.KeyBackspace}
		}
		_, cmd := m.Update(tea.KeyPressMsg(key))
		quit = quit || cmd != nil
	}
	return quit
}

// happens tells the board of a listener on a port.
func happens(b *Board, kind string, port uint16, name string) {
	l := rtevent.Listener{Host: "web", Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: port, Scope: rtevent.Loopback,
		Holders: []rtevent.Owner{{PID: int(port), Name: name, Exe: "/srv/" + name}}}
	if kind != rtevent.ListenerOpened {
		l.Finding = &rtevent.Finding{Protocol: "http", Product: "日本語の\u202e製品", Confidence: rtevent.Strong}
		l.Claim = &rtevent.Claim{Name: "claimed", Level: rtevent.Ghost}
		l.Verdict = &rtevent.Verdict{Label: rtevent.Mislabelled, Summary: "speaks http, not claimed"}
		if port%2 == 1 {
			l.Verdict.Signals = []rtevent.Signal{{ID: "x", Severity: rtevent.High, Why: "odd"}}
		}
	}
	b.Take(rtevent.Event{Type: kind, Topic: l.Topic(), Time: time.Unix(int64(port), 0)}, rtevent.ListenerChange{Listener: &l})
}

// TestForeign holds that an event which says that it tells of a listener, and does not, harms nothing: on a server, whoever
// may publish can make one.
func TestForeign(t *testing.T) {
	b := filledBoard(1)
	for _, kind := range []string{rtevent.ListenerOpened, rtevent.ListenerIdentified, rtevent.ListenerChanged, rtevent.ListenerClosed, rtevent.ListenerFailed, rtevent.ListenerGap} {
		b.Take(rtevent.Event{Type: kind, Topic: "listener.foreign"}, rtevent.ListenerChange{Differs: []string{rtevent.DiffersFinding}, Was: &rtevent.Former{}})
		b.Take(rtevent.Event{Type: kind, Topic: "listener.foreign"}, rtevent.ListenerChange{Listener: &rtevent.Listener{}, Differs: []string{rtevent.DiffersFinding}, Was: &rtevent.Former{}})
		m := newModel(b, "web")
		m.draw()
		press(m, "tab", "enter")
		m.draw()
	}
}

func filledBoard(n int) *Board {
	b := NewBoard()
	for i := range n {
		happens(b, rtevent.ListenerOpened, uint16(1000+i), fmt.Sprintf("prog\x1b[31m%d", i))
		happens(b, rtevent.ListenerIdentified, uint16(1000+i), fmt.Sprintf("prog\x1b[31m%d", i))
	}
	b.Take(rtevent.Event{Type: rtevent.ListenerGap}, rtevent.ListenerChange{Gap: &rtevent.Gap{What: "3 changes", Why: "the ring was full"}})
	b.Settled(rtevent.Coverage{Tier: "bpf", Gaps: []rtevent.Gap{{What: "x", Why: "y"}}})
	return b
}

// text is the screen as a person sees it.
func text(m *model) string { return ansi.Strip(strings.Join(m.draw(), "\n")) }

// TestEverySize draws every state at every size: never more lines, never wider, never a raw escape of somebody else's.
func TestEverySize(t *testing.T) {
	states := map[string]func(m *model){
		"table": func(*model) {}, "details": func(m *model) { press(m, "enter") }, "events": func(m *model) { press(m, "tab", "down") },
		"search": func(m *model) { press(m, "/", "p", "r") }, "nothing": func(m *model) { press(m, "/", "z", "z", "enter", "enter") },
		"last": func(m *model) { press(m, "end", "enter", "l", "l", "l") }, "scrutiny": func(m *model) { press(m, "s") },
	}
	for name, prepare := range states {
		for _, board := range []*Board{NewBoard(), filledBoard(60)} {
			m := newModel(board, "web")
			prepare(m)
			for width := 0; width <= 160; width += 1 + width/6 {
				for height := 0; height <= 50; height += 1 + height/4 {
					m.Update(tea.WindowSizeMsg{Width: width, Height: height})
					lines := m.draw()
					if len(lines) > height {
						t.Fatalf("%s at %dx%d: %d lines", name, width, height, len(lines))
					}
					for _, line := range lines {
						if lipgloss.Width(line) > width || strings.Contains(ansi.Strip(line), "\x1b") {
							t.Fatalf("%s at %dx%d: %q is %d wide", name, width, height, line, lipgloss.Width(line))
						}
					}
				}
			}
		}
	}
}

func TestKeys(t *testing.T) {
	b := filledBoard(10)
	m := newModel(b, "web")
	chosen := func() string { return m.subject().PortName() }
	for _, c := range []struct {
		keys []string
		want string
	}{
		{nil, "1000/tcp"}, {[]string{"down", "j"}, "1002/tcp"}, {[]string{"up"}, "1001/tcp"}, {[]string{"k", "k", "k"}, "1000/tcp"},
		{[]string{"G"}, "1009/tcp"}, {[]string{"g"}, "1000/tcp"}, {[]string{"end", "down"}, "1009/tcp"},
		{[]string{"s"}, "1009/tcp"}, {[]string{"g"}, "1001/tcp"}, {[]string{"esc"}, "1001/tcp"},
		{[]string{"/", "1", "0", "0", "7", "x", "backspace", "enter"}, "1007/tcp"}, {[]string{"esc", "esc"}, "1007/tcp"},
	} {
		if press(m, c.keys...) {
			t.Fatalf("%v quits", c.keys)
		}
		if got := chosen(); got != c.want {
			t.Errorf("after %v %s is chosen, want %s\n%s", c.keys, got, c.want, text(m))
		}
	}
	if press(m, "/", "q"); m.search != "q" {
		t.Error("a letter of the search is taken for a key")
	}
	if press(m, "esc"); !press(m, "q") {
		t.Error("q does not quit")
	}
}

// TestChoiceStays holds that the chosen listener stays chosen while others come and go.
func TestChoiceStays(t *testing.T) {
	b := filledBoard(5)
	m := newModel(b, "web")
	press(m, "down", "down")
	happens(b, rtevent.ListenerIdentified, 80, "early")
	happens(b, rtevent.ListenerClosed, 1000, "prog")
	happens(b, rtevent.ListenerClosed, 1001, "prog")
	m.Update(changed{})
	if got := m.subject().PortName(); got != "1002/tcp" {
		t.Errorf("%s is chosen now\n%s", got, text(m))
	}
	happens(b, rtevent.ListenerClosed, 1002, "prog")
	m.Update(changed{})
	if got := m.subject().PortName(); got == "1002/tcp" || len(m.rows) != 3 {
		t.Errorf("%s of %d is chosen\n%s", got, len(m.rows), text(m))
	}
}

func TestFrozen(t *testing.T) {
	b := filledBoard(1)
	m := newModel(b, "web")
	press(m, "p")
	happens(b, rtevent.ListenerIdentified, 80, "late")
	m.Update(changed{})
	if strings.Contains(text(m), "80/tcp") || !strings.Contains(text(m), "STANDS STILL") {
		t.Errorf("it moves:\n%s", text(m))
	}
	if press(m, "p"); !strings.Contains(text(m), "80/tcp") {
		t.Errorf("it does not go on:\n%s", text(m))
	}
}

func TestScreen(t *testing.T) {
	m := newModel(filledBoard(3), "web")
	press(m, "enter")
	got := text(m)
	for _, want := range []string{
		"web, by bpf, 1 blind spot, 3 listeners, 1 to look at, 7 events",
		"> 1000/tcp", "mislabelled !!", "1000/tcp: speaks http, not claimed", `held by /srv/prog\x1b[31m0`, "claimed: claimed", "q quit",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	press(m, "enter")
	if got := text(m); !strings.Contains(got, "gap 3 changes: the ring was full") || !strings.Contains(got, "identified 1002/tcp") {
		t.Errorf("the events are not there:\n%s", got)
	}
}

// TestStorm holds that a hundred thousand events take bounded memory and leave the last ones.
func TestStorm(t *testing.T) {
	b := NewBoard()
	for i := range 100_000 {
		port := uint16(1 + i%50_000)
		happens(b, rtevent.ListenerOpened, port, "storm")
		happens(b, rtevent.ListenerClosed, port, "storm")
	}
	s := b.look()
	if len(s.rows) != 0 || len(s.log) != logged || s.count != 200_000 || s.log[0].kind != rtevent.ListenerClosed || s.log[0].change.Listener.Port != 50_000 {
		t.Errorf("%d rows, %d lines of %d, the last %+v", len(s.rows), len(s.log), s.count, s.log[0])
	}
}
