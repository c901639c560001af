// What the screen shows.

package view

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"rtevent"
	"rtevent/internal/words"
)

// wide is the width from which the details stand beside the table.
const wide = 120

// The few styles, one for each thing that a reader looks for. Where there is no colour, the marks say the same.
type styles struct{ head, dim, chosen, grave, warn, good lipgloss.Style }

func newStyles() styles {
	plain := lipgloss.NewStyle()
	return styles{
		head: plain.Bold(true), dim: plain.Faint(true), chosen: plain.Reverse(true),
		grave: plain.Foreground(lipgloss.Red), warn: plain.Foreground(lipgloss.Yellow), good: plain.Foreground(lipgloss.Green),
	}
}

// View draws the screen.
func (m *model) View() tea.View {
	v := tea.NewView(strings.Join(m.draw(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "rtevent watch " + words.Printable(m.title)
	return v
}

// draw makes the lines of the screen, never more nor longer than there is room for.
func (m *model) draw() []string {
	s := newStyles()
	if m.width < 1 || m.lines < 1 {
		return nil
	}
	left := m.width
	beside := m.width >= wide
	if beside {
		left = m.width * 3 / 5
	}
	body := max(m.lines-2, 0) // between the first line and the last
	upper := body
	lower := 0
	if body >= 8 {
		lower = body * 2 / 5
		upper = body - lower
	}
	lines := append(m.drawTable(s, left, upper), m.drawLower(s, left, lower, beside)...)
	if beside {
		lines = besides(lines, left, m.drawDetails(s, m.width-left-3, body))
	}
	screen := append([]string{cut(s.head.Render(m.headline()), m.width)}, lines...)
	if m.lines > 1 {
		screen = append(screen, cut(m.footline(s), m.width))
	}
	return screen[:min(len(screen), m.lines)]
}

// headline says what is shown: whose listeners, how they are seen, how many there are.
func (m *model) headline() string {
	scrutiny := 0
	for _, r := range m.seen.rows {
		if r.listener.Verdict.Scrutiny() {
			scrutiny++
		}
	}
	parts := []string{m.title}
	if c := m.seen.coverage; c != nil && c.Tier != "" {
		parts = append(parts, "by "+c.Tier)
		if len(c.Gaps) > 0 {
			parts = append(parts, words.Counted(len(c.Gaps), "blind spot"))
		}
	}
	parts = append(parts, words.Counted(len(m.seen.rows), "listener"))
	if scrutiny > 0 {
		parts = append(parts, fmt.Sprintf("%d to look at", scrutiny))
	}
	parts = append(parts, words.Counted(m.seen.count, "event"))
	if m.scrutiny {
		parts = append(parts, "only what deserves scrutiny")
	}
	if m.frozen {
		parts = append(parts, "STANDS STILL")
	}
	return words.Phrases(0, parts...)
}

// footline is the search while it is typed, else the keys.
func (m *model) footline(s styles) string {
	if m.searching {
		return "/" + words.Printable(m.search) + "_"
	}
	keys := "q quit  / search  enter details  tab table/events  s scrutiny  p pause  up/down choose"
	if m.width >= wide {
		keys += "  left/right scroll details  esc all"
	}
	if m.search != "" {
		keys = "search: " + words.Printable(m.search) + " (esc ends it)  " + keys
	}
	return s.dim.Render(keys)
}

// widths shares the room of the table among its columns; the one before the last takes what is left.
func widths(width int) []int {
	w := []int{9, 12, 18, 0, 16}
	if width >= 100 {
		w = []int{9, 16, 28, 0, 16}
	}
	w[3] = max(width-2-w[0]-w[1]-w[2]-w[4]-4, 0)
	return w
}

func (m *model) drawTable(s styles, width, height int) []string {
	if height < 1 {
		return nil
	}
	at := widths(width)
	lines := []string{cut(s.dim.Render("  "+columns([]string{"PORT", "ON", "SPEAKS", "WHO", "VERDICT"}, at)), width)}
	first := window(m.chosen[table], len(m.rows), height-1)
	for i := first; i < len(m.rows) && len(lines) < height; i++ {
		r := m.rows[i]
		lines = append(lines, m.mark(s, table, i, columns(r.cells(), at), s.of(&r.listener), width))
	}
	if len(m.rows) == 0 && height > 1 {
		lines = append(lines, cut("  nothing here", width))
	}
	return filled(lines, height)
}

// drawLower draws the events, or the details where they have no room of their own.
func (m *model) drawLower(s styles, width, height int, beside bool) []string {
	if height < 1 {
		return nil
	}
	if m.details && !beside {
		return m.drawDetails(s, width, height)
	}
	lines := []string{cut(s.dim.Render("  EVENTS, the newest first"), width)}
	first := window(m.chosen[events], len(m.log), height-1)
	for i := first; i < len(m.log) && len(lines) < height; i++ {
		n := m.log[i]
		text := n.at.Local().Format(time.TimeOnly) + " " + n.what()
		lines = append(lines, m.mark(s, events, i, text, s.ofEvent(n), width))
	}
	return filled(lines, height)
}

// mark writes one line of a pane, with a mark before the chosen one.
func (m *model) mark(s styles, p pane, i int, text string, style lipgloss.Style, width int) string {
	mark := "  "
	if i == m.chosen[p] && (p == table || m.focus == events) {
		mark = "> "
		if m.focus == p {
			style = s.chosen
		}
	}
	return style.Render(cut(mark+text, width))
}

// of is the style of a listener, by its verdict.
func (s styles) of(l *rtevent.Listener) lipgloss.Style {
	switch {
	case l == nil || l.Verdict == nil:
		return lipgloss.NewStyle()
	case words.Marks(l.Verdict) == " !!":
		return s.grave
	case words.Marks(l.Verdict) == " !":
		return s.warn
	case l.Verdict.Label == rtevent.AsRegistered || l.Verdict.Label == rtevent.AsPractised:
		return s.good
	}
	return lipgloss.NewStyle()
}

func (s styles) ofEvent(n line) lipgloss.Style {
	switch n.kind {
	case rtevent.ListenerClosed, rtevent.ListenerShortLived, rtevent.ListenerFailed:
		return s.dim
	case rtevent.ListenerGap:
		return s.warn
	}
	return s.of(n.change.Listener)
}

// window is the first line to show so that the chosen one is seen.
func window(chosen, count, height int) int {
	return max(min(chosen-height/2, count-height), 0)
}

// columns puts each text in its column, cut or padded.
func columns(texts []string, widths []int) string {
	var b strings.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(padded(text, widths[i]))
	}
	return b.String()
}

func padded(text string, width int) string {
	text = cut(text, width)
	return text + strings.Repeat(" ", max(width-lipgloss.Width(text), 0))
}

// cut cuts a text to a width in cells, and marks the cut.
func cut(text string, width int) string {
	if width < 1 {
		return ""
	}
	if lipgloss.Width(text) <= width {
		return text
	}
	if width == 1 {
		return "…"
	}
	return lipgloss.NewStyle().Inline(true).MaxWidth(width-1).Render(text) + "…"
}

// filled makes exactly so many lines.
func filled(lines []string, height int) []string {
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

// besides puts lines to the right of others.
func besides(lines []string, width int, right []string) []string {
	for i := range lines {
		text := ""
		if i < len(right) {
			text = right[i]
		}
		lines[i] = padded(lines[i], width) + " │ " + text
	}
	return lines
}
