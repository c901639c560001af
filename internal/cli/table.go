package cli

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"rtevent"
	"rtevent/internal/iana"
)

// table prints the listeners of a host in columns, and below them what they add up to.
type table struct {
	*grid
	registry *iana.Registry
	total    total
}

func newTable(s screen, registry *iana.Registry) *table {
	return &table{registry: registry, grid: newGrid(s, false,
		column{head: "PORT", width: 9},
		column{head: "ON", width: 9, share: 15, limit: 16},
		column{head: "SPEAKS", width: 18, share: 25, limit: 27, name: 10, most: 60},
		column{head: "WHO", width: 15, rest: true, name: 12, most: 80},
		column{head: "CLAIMED", width: 8, share: 10, limit: 8},
		column{head: "VERDICT", width: 15},
	)}
}

func (t *table) row(l rtevent.Listener) {
	t.total.add(l)
	t.grid.row(gridRow{func(r []room) []string { return listenerCells(l, r) }, shade(l.Verdict)})
}

// listenerCells are the texts of a row, cut to the room that they have.
func listenerCells(l rtevent.Listener, r []room) []string {
	protocol, spoken := speaks(l.Transport, l.Finding)
	name, held := who(l)
	return []string{
		l.PortName(),
		fit(where(l), r[1].width),
		pair(r[2], protocol, spoken),
		pair(r[3], name, held),
		starred(claimed(l.Claim), r[4].width),
		labels[l.Verdict.Label] + marks(l.Verdict),
	}
}

// pair writes a name, in a column of its own if it has one, and as many of the phrases as fit behind it.
func pair(r room, name string, rest []string) string {
	name = fit(printable(name), r.width)
	name += strings.Repeat(" ", max(r.name-utf8.RuneCountInString(name), 0)+1)
	left := r.width - utf8.RuneCountInString(name)
	if r.width > 0 && left < 3 {
		return strings.TrimRight(name, " ")
	}
	if r.width == 0 {
		left = 0
	}
	return strings.TrimRight(name+phrases(left, rest...), " ")
}

// starred cuts a claim and keeps the mark of a ghost.
func starred(s string, width int) string {
	if cut := strings.TrimSuffix(s, "*"); cut != s && width > 0 && utf8.RuneCountInString(s) > width {
		return fit(cut, width-1) + "*"
	}
	return fit(s, width)
}

// where is the address that a listener takes traffic on.
func where(l rtevent.Listener) string {
	a := l.Address.String()
	switch {
	case l.DualStack && l.Address.IsUnspecified():
		a = "*"
	case l.Address.Is4() && l.Address.IsUnspecified():
		a = "0.0.0.0"
	case l.Address == netip.IPv6Unspecified():
		a = "[::]"
	}
	if l.Device != "" {
		a += "%" + printable(l.Device)
	}
	return a
}

func (t *table) end(coverage rtevent.Coverage) (total, error) {
	t.collected()
	if t.total.ghosts {
		t.print(ghostly(t.registry))
	}
	t.text(t.total.sentence() + " " + seen(coverage))
	for _, g := range coverage.Gaps {
		for i, line := range wrap(gapWords(g), t.width()-2) {
			t.print([2]string{"! ", "  "}[min(i, 1)] + line + "\n")
		}
	}
	t.flush()
	return t.total, t.err
}

// ghostly explains the mark of a ghost.
func ghostly(registry *iana.Registry) string {
	return fmt.Sprintf("* a ghost: registered, and no sign of life found in %s\n", registry.Sources())
}

// sentence is the total in words.
func (t total) sentence() string {
	return fmt.Sprintf("%s: %s.", counted(t.Listeners, "listener"), t.verdicts.words("rtevent "))
}

// words are what the verdicts add up to; remedy is the command that tells more of a port.
func (v verdicts) words(remedy string) string {
	parts := []string{fmt.Sprintf("%d identified", v.Identified)}
	count := func(n int, words string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words))
		}
	}
	count(v.Mislabelled, "mislabelled")
	count(v.Unidentified, "unidentified")
	count(v.NotAsked, "not asked")
	switch {
	case v.Scrutiny == 1:
		parts = append(parts, fmt.Sprintf("1 deserves scrutiny (%s%s)", remedy, v.scrutinised[0]))
	case v.Scrutiny > 1:
		parts = append(parts, fmt.Sprintf("%d deserve scrutiny (%s)", v.Scrutiny, few(v.scrutinised, 6)))
	}
	return strings.Join(parts, ", ")
}

// counted is a number of things: "1 listener", "2 listeners".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// few lists the first of many.
func few(names []string, n int) string {
	if len(names) > n {
		return strings.Join(names[:n], ", ") + "…"
	}
	return strings.Join(names, ", ")
}

// seen says how completely the host was seen.
func seen(c rtevent.Coverage) string {
	if len(c.Gaps) == 0 {
		return fmt.Sprintf("Seen: every namespace, every owner (by %s).", c.Tier)
	}
	return fmt.Sprintf("Seen by %s, with gaps:", c.Tier)
}

func gapWords(g rtevent.Gap) string {
	words := g.What + ": " + g.Why
	if g.Remedy != "" {
		words += " (" + g.Remedy + ")"
	}
	return printable(words)
}
