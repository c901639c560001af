package cli

import (
	"bufio"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"rtevent"
	"rtevent/internal/iana"
)

// table prints listeners in columns. On a terminal its widths are settled at once, so that rows can appear as they are
// known; elsewhere it collects the rows and gives each column the room that it needs.
type table struct {
	screen   screen
	out      *bufio.Writer
	registry *iana.Registry
	widths   columns
	pending  []rtevent.Listener
	total    total
	err      error
}

// columns are the widths of a row's cells, 0 for as wide as the text. The cells for what is spoken and who holds it have
// a name in front, which is given a column of its own where there is room.
type columns struct{ port, on, speaks, protocol, who, name, claimed int }

func newTable(s screen, registry *iana.Registry) *table {
	t := &table{screen: s, out: bufio.NewWriter(s), registry: registry}
	if s.width > 0 {
		t.widths = settle(s.width)
	}
	return t
}

// settle shares a terminal's width among the columns: what must be read whole first, then the rest in proportion.
func settle(width int) columns {
	c := columns{port: 9, on: 9, speaks: 18, who: 15, claimed: 8}
	spare := max(width-80, 0)
	grow := func(w *int, limit, share int) { *w += min(limit, spare*share/100) }
	grow(&c.on, 16, 15)
	grow(&c.speaks, 27, 25)
	grow(&c.claimed, 8, 10)
	if spare >= 40 {
		c.protocol, c.name = 10, 12
	}
	const verdict, gaps = 15, 5
	c.who = max(c.who, width-(c.port+c.on+c.speaks+c.claimed+verdict+gaps))
	return c
}

func (t *table) row(l rtevent.Listener) {
	if t.screen.width == 0 {
		t.pending = append(t.pending, l)
		return
	}
	if t.total.Listeners == 0 {
		t.head()
	}
	t.total.add(l)
	t.line(t.cells(l), shade(l.Verdict))
	t.flush()
}

// cells are the texts of a row, cut to the widths.
func (t *table) cells(l rtevent.Listener) [6]string {
	protocol, spoken := speaks(l)
	name, held := who(l)
	w := t.widths
	return [6]string{
		l.PortName(),
		fit(where(l), w.on),
		pair(w.speaks, w.protocol, protocol, spoken),
		pair(w.who, w.name, name, held),
		starred(claimed(l.Claim), w.claimed),
		labels[l.Verdict.Label] + marks(l.Verdict),
	}
}

// pair writes a name, in a column of its own if it has one, and as many of the phrases as fit behind it.
func pair(width, column int, name string, rest []string) string {
	name = fit(printable(name), width)
	name += strings.Repeat(" ", max(column-utf8.RuneCountInString(name), 0)+1)
	left := width - utf8.RuneCountInString(name)
	if width > 0 && left < 3 {
		return strings.TrimRight(name, " ")
	}
	if width == 0 {
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

func (t *table) head() {
	t.line([6]string{"PORT", "ON", "SPEAKS", "WHO", "CLAIMED", "VERDICT"}, dim)
}

// line prints a row; the shade is for the verdict, or for all of a headline.
func (t *table) line(cells [6]string, shade string) {
	w := t.widths
	widths := [...]int{w.port, w.on, w.speaks, w.who, w.claimed}
	var b strings.Builder
	for i, cell := range cells[:5] {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(cell), 0)+1))
	}
	if shade == dim {
		t.print(t.screen.paint(dim, b.String()+cells[5]) + "\n")
		return
	}
	t.print(b.String() + t.screen.paint(shade, cells[5]) + "\n")
}

// natural gives each column the room that the collected rows need, within reason.
func (t *table) natural() {
	t.widths = columns{protocol: 10, name: 12}
	w := columns{port: 4, on: 2, speaks: 6, who: 3, claimed: 7, protocol: 10, name: 12}
	for _, l := range t.pending {
		for i, width := range []*int{&w.port, &w.on, &w.speaks, &w.who, &w.claimed} {
			*width = max(*width, utf8.RuneCountInString(t.cells(l)[i]))
		}
	}
	w.speaks, w.who = min(w.speaks, 60), min(w.who, 80)
	t.widths = w
}

func (t *table) end(coverage rtevent.Coverage) (total, error) {
	if len(t.pending) > 0 {
		t.natural()
		t.head()
	}
	for _, l := range t.pending {
		t.total.add(l)
		t.line(t.cells(l), shade(l.Verdict))
	}
	width := t.screen.width
	if width == 0 {
		width = 100
	}
	if t.total.ghosts {
		t.print(fmt.Sprintf("* a ghost: registered, and no sign of life found in %s\n", t.registry.Sources()))
	}
	for _, line := range wrap(t.total.sentence()+" "+seen(coverage), width) {
		t.print(line + "\n")
	}
	for _, g := range coverage.Gaps {
		for i, line := range wrap(gapWords(g), width-2) {
			t.print([2]string{"! ", "  "}[min(i, 1)] + line + "\n")
		}
	}
	t.flush()
	return t.total, t.err
}

// sentence is the total in words.
func (t total) sentence() string {
	parts := []string{fmt.Sprintf("%d identified", t.Identified)}
	count := func(n int, words string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words))
		}
	}
	count(t.Mislabelled, "mislabelled")
	count(t.Unidentified, "unidentified")
	count(t.NotAsked, "not asked")
	switch {
	case t.Scrutiny == 1:
		parts = append(parts, fmt.Sprintf("1 deserves scrutiny (rtevent %s)", t.scrutinised[0]))
	case t.Scrutiny > 1:
		parts = append(parts, fmt.Sprintf("%d deserve scrutiny (%s)", t.Scrutiny, few(t.scrutinised, 6)))
	}
	noun := "listeners"
	if t.Listeners == 1 {
		noun = "listener"
	}
	return fmt.Sprintf("%d %s: %s.", t.Listeners, noun, strings.Join(parts, ", "))
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

func (t *table) print(s string) {
	if t.err == nil {
		_, t.err = t.out.WriteString(s)
	}
}

func (t *table) flush() {
	if t.err == nil {
		t.err = t.out.Flush()
	}
}
