// Everything about the listener that is chosen.

package view

import (
	"strings"

	"charm.land/lipgloss/v2"

	"rtevent"
	"rtevent/internal/words"
)

func (m *model) drawDetails(s styles, width, height int) []string {
	if height < 1 || width < 1 {
		return nil
	}
	head := []string{cut(s.dim.Render("DETAILS"), width)}
	l := m.subject()
	if l == nil {
		return filled(append(head, cut("nothing is chosen", width)), height)
	}
	text := m.about(s, l, width)
	m.scroll = max(min(m.scroll, len(text)-(height-1)), 0)
	return filled(append(head, text[m.scroll:]...), height)
}

// about tells everything about a listener, in lines that fit a width.
func (m *model) about(s styles, l *rtevent.Listener, width int) []string {
	var lines []string
	say := func(style lipgloss.Style, text string) {
		for i, part := range words.Wrap(words.Printable(text), max(width-2, 8)) {
			if i > 0 {
				part = "  " + part
			}
			lines = append(lines, style.Render(cut(part, width)))
		}
	}
	plain := lipgloss.NewStyle()
	if l.Verdict != nil {
		say(s.head, l.PortName()+": "+l.Verdict.Summary)
	} else {
		say(s.head, l.PortName()+" is open; what it speaks is not known yet")
	}
	if l.Finding != nil {
		say(plain, words.Spoken(*l))
		for _, line := range words.Evidence(l.Finding, max(width, 20)) {
			say(s.dim, line)
		}
	} else {
		say(plain, words.Endpoint(*l))
	}
	for i, o := range l.Holders {
		if i == 5 {
			say(plain, "and "+words.Counted(len(l.Holders)-i, "more process"))
			break
		}
		say(plain, words.Holder(o))
	}
	if l.Verdict != nil {
		for _, signal := range l.Verdict.Signals {
			style, mark := s.signal(signal.Severity)
			say(style, mark+signal.Why)
		}
	}
	if l.Claim != nil {
		say(plain, "claimed: "+words.Registration(*l.Claim))
		say(s.dim, words.Life(*l.Claim))
	}
	return append(lines, m.story(s, l, width)...)
}

func (s styles) signal(severity rtevent.Severity) (lipgloss.Style, string) {
	switch severity {
	case rtevent.High:
		return s.grave, "!! "
	case rtevent.Medium:
		return s.warn, "! "
	}
	return s.dim, "- "
}

// story lists what happened to a listener, as far as it is kept.
func (m *model) story(s styles, l *rtevent.Listener, width int) []string {
	lines := []string{}
	topic := l.Topic()
	for _, n := range m.seen.log {
		if n.topic == topic && len(lines) < 20 {
			text := n.at.Local().Format("15:04:05.000") + " " + words.Kind(n.kind)
			if differs := words.Differences(n.change); len(differs) > 0 {
				text += ": " + strings.Join(differs, "; ")
			}
			lines = append(lines, s.dim.Render(cut(words.Printable(text), width)))
		}
	}
	return lines
}
