// What the keys do.

package view

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"rtevent"
)

// pane is a part of the screen that the keys act on.
type pane int

const (
	table pane = iota
	events
)

// model is the state of the screen.
type model struct {
	board *Board
	title string
	width int
	lines int

	seen   sight
	rows   []row  // of seen, those that are searched for
	log    []line // the same
	frozen bool   // the screen stands still

	focus     pane
	chosen    [2]int // the line that is chosen in each pane
	topic     string // of the chosen row: it stays chosen when others come and go
	details   bool   // they are shown where the events are, for want of room
	scroll    int    // of the details
	scrutiny  bool   // only what deserves it
	search    string
	searching bool // the keys are letters of the search
}

func newModel(b *Board, title string) *model {
	m := &model{board: b, title: title, width: 80, lines: 24}
	m.look()
	return m
}

// Init starts nothing.
func (m *model) Init() tea.Cmd { return nil }

// Update takes a key, a new size, or news of the board.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.lines = msg.Width, msg.Height
	case changed:
		if !m.frozen {
			m.look()
		}
	case tea.KeyPressMsg:
		if m.searching {
			m.letter(msg)
		} else if m.key(msg.String()) {
			return m, tea.Quit
		}
	case tea.PasteMsg:
		if m.searching {
			m.searchFor(m.search + msg.Content)
		}
	}
	return m, nil
}

// look takes over what the board knows now.
func (m *model) look() {
	m.seen = m.board.look()
	m.narrow()
}

// narrow keeps what is searched for, and the choice on what was chosen.
func (m *model) narrow() {
	text := strings.ToLower(m.search)
	m.rows, m.log = m.rows[:0], m.log[:0]
	for _, r := range m.seen.rows {
		if strings.Contains(r.text, text) && (!m.scrutiny || r.listener.Verdict.Scrutiny()) {
			m.rows = append(m.rows, r)
		}
	}
	for _, n := range m.seen.log {
		if strings.Contains(n.text, text) && (!m.scrutiny || n.change.Listener == nil || n.change.Listener.Verdict.Scrutiny()) {
			m.log = append(m.log, n)
		}
	}
	for i, r := range m.rows {
		if r.topic == m.topic {
			m.chosen[table] = i
		}
	}
	m.choose(m.focus, m.chosen[m.focus])
	m.chosen[events] = clamp(m.chosen[events], len(m.log))
	m.chosen[table] = clamp(m.chosen[table], len(m.rows))
}

// clamp keeps an index within a list; 0 for an empty one.
func clamp(i, count int) int { return max(min(i, count-1), 0) }

// choose moves the choice of a pane.
func (m *model) choose(p pane, i int) {
	if p == table {
		m.chosen[table] = clamp(i, len(m.rows))
		if len(m.rows) > 0 {
			m.topic = m.rows[m.chosen[table]].topic
		}
	} else {
		m.chosen[events] = clamp(i, len(m.log))
	}
}

// key does what a key is for, and tells whether that is to quit.
func (m *model) key(name string) (quit bool) {
	page := max(m.lines/3, 1)
	switch name {
	case "q", "ctrl+c":
		return true
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	case "pgup", "ctrl+b":
		m.move(-page)
	case "pgdown", "ctrl+f", "space":
		m.move(page)
	case "home", "g":
		m.move(-1 << 30)
	case "end", "G":
		m.move(1 << 30)
	case "tab":
		m.focus = 1 - m.focus
		if m.focus == events {
			m.details = false
		}
	case "enter":
		m.details, m.scroll = !m.details, 0
	case "left", "h":
		m.scroll = max(m.scroll-1, 0)
	case "right", "l":
		m.scroll++
	case "/":
		m.searching = true
	case "esc":
		m.details, m.scrutiny = false, false
		m.searchFor("")
	case "s":
		m.scrutiny = !m.scrutiny
		m.narrow()
	case "p":
		m.frozen = !m.frozen
		m.look()
	}
	return false
}

func (m *model) move(by int) {
	m.scroll = 0
	m.choose(m.focus, m.chosen[m.focus]+by)
}

// letter takes a key while the search is typed.
func (m *model) letter(key tea.KeyPressMsg) {
	switch key.String() {
	case "enter":
		m.searching = false
	case "esc", "ctrl+c":
		m.searching = false
		m.searchFor("")
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(m.search)
		m.searchFor(m.search[:len(m.search)-size])
	case "ctrl+u":
		m.searchFor("")
	default:
		m.searchFor(m.search + key.Text)
	}
}

// longSearch bounds what is searched for, in bytes.
const longSearch = 200

func (m *model) searchFor(text string) {
	if len(text) <= longSearch {
		m.search = text
		m.narrow()
	}
}

// subject is the listener that the details are about; nil where none is chosen.
func (m *model) subject() *rtevent.Listener {
	if m.focus == events && len(m.log) > 0 {
		return m.log[m.chosen[events]].change.Listener
	}
	if len(m.rows) > 0 {
		return &m.rows[m.chosen[table]].listener
	}
	return nil
}
