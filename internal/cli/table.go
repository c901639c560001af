package cli

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/words"
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
		column{head: "SPEAKS", width: 17, share: 25, limit: 27, name: 12, most: 60},
		column{head: "WHO", width: 15, rest: true, name: 16, most: 80},
		column{head: "CLAIMED", width: 8, share: 10, limit: 8},
		column{head: "VERDICT", width: 16},
	)}
}

func (t *table) row(l rtevent.Listener) {
	t.total.add(l)
	t.grid.row(gridRow{func(r []room) []string { return listenerCells(l, r) }, shade(l.Verdict)})
}

// listenerCells are the texts of a row, cut to the room that they have.
func listenerCells(l rtevent.Listener, r []room) []string {
	protocol, spoken := words.Speaks(l.Transport, l.Finding)
	name, held := words.Who(l)
	return []string{
		l.PortName(),
		words.Fit(words.Where(l), r[1].width),
		pair(r[2], protocol, spoken),
		pair(r[3], name, held),
		starred(words.Claimed(l.Claim), r[4].width),
		words.Label(l.Verdict.Label) + words.Marks(l.Verdict),
	}
}

// pair writes a name, in a column of its own if it has one, and as many of the phrases as fit behind it. Where room is
// short, the first phrase does without what the name says already ("redis Redis 7.0") and without directories.
func pair(r room, name string, rest []string) string {
	const least = 6 // characters: of less than that nobody can guess the rest
	name = words.Fit(words.Printable(name), r.width)
	if r.width == 0 {
		return strings.TrimRight(pad(name, r.name)+" "+words.Phrases(0, rest...), " ")
	}
	left := r.width - max(utf8.RuneCountInString(name), r.name) - 1
	rest = told(rest)
	if r.name == 0 && len(rest) > 0 {
		rest[0] = short(words.Printable(rest[0]), name, left)
		rest = told(rest)
	}
	if len(rest) == 0 || left < least && utf8.RuneCountInString(rest[0]) > left {
		return name
	}
	return pad(name, r.name) + " " + words.Phrases(left, rest...)
}

// pad fills text up to a width.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// told leaves out the phrases that say nothing.
func told(phrases []string) []string {
	return slices.DeleteFunc(slices.Clone(phrases), func(s string) bool { return s == "" })
}

// short leaves out of a phrase the word in front of it, and of a path that does not fit the directory.
func short(phrase, before string, width int) string {
	if first, rest, _ := strings.Cut(phrase, " "); strings.EqualFold(first, before) {
		phrase = rest
	}
	if path.IsAbs(phrase) && utf8.RuneCountInString(phrase) > width {
		phrase = path.Base(phrase)
	}
	return phrase
}

// starred cuts a claim and keeps the mark of a ghost.
func starred(s string, width int) string {
	if cut := strings.TrimSuffix(s, "*"); cut != s && width > 0 && utf8.RuneCountInString(s) > width {
		return words.Fit(cut, width-1) + "*"
	}
	return words.Fit(s, width)
}

func (t *table) end(coverage rtevent.Coverage) (total, error) {
	t.collected()
	if t.total.ghosts {
		t.print(ghostly(t.registry))
	}
	t.text(t.total.sentence() + " " + seen(coverage))
	for _, g := range coverage.Gaps {
		for i, line := range words.Wrap(words.Gap(g), t.width()-2) {
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
	if t.Listeners == 0 {
		return "No listeners."
	}
	return fmt.Sprintf("%s: %s.", words.Counted(t.Listeners, "listener"), t.verdicts.words("rtevent "))
}

// words are what the verdicts add up to; remedy is the command that tells more of a port.
func (v verdicts) words(remedy string) string {
	text := fmt.Sprintf("%d identified", v.Identified)
	if v.Mislabelled > 0 {
		text += fmt.Sprintf(" (%d mislabelled)", v.Mislabelled)
	}
	if v.Unidentified > 0 {
		text += fmt.Sprintf(", %d unidentified", v.Unidentified)
	}
	if v.NotAsked > 0 {
		text += fmt.Sprintf(", %d not asked", v.NotAsked)
	}
	switch {
	case v.Scrutiny == 1:
		text += fmt.Sprintf("; 1 deserves scrutiny (%s%s)", remedy, v.scrutinised[0])
	case v.Scrutiny > 1:
		text += fmt.Sprintf("; %d deserve scrutiny (%s)", v.Scrutiny, words.Few(v.scrutinised, 6))
	}
	return text
}

// seen says how completely the host was seen.
func seen(c rtevent.Coverage) string {
	if len(c.Gaps) == 0 {
		return fmt.Sprintf("Seen: every namespace, every owner (by %s).", c.Tier)
	}
	return fmt.Sprintf("Seen by %s, with gaps:", c.Tier)
}
