// This file reads the remarks of the text registry of 2008.

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rtevent/internal/iana"
)

// block is a run of entries that share one remark, which stands below the last of them.
type block struct {
	entries     map[string]entry // by key
	last        entry
	first, high int // the ports
	persons     []string
	date        string // "2003-02"
}

// entry is one line.
type entry struct{ name, description string }

var (
	record = regexp.MustCompile(`^(\S+) (\d+)(?:-(\d+))?/([a-z])[a-z]* ?(.*)$`)
	person = regexp.MustCompile(`^[A-Z][\w.'-]+(?: (?:[A-Z][\w.'-]*|de|van|der|von|da|du))+$`)
	month  = regexp.MustCompile(`(?:(\d{1,2}) )?(January|February|March|April|May|June|July|August|September|October|November|December),? (\d{4})`)
	// A remark that speaks of ports ends a block without belonging to it.
	divider = regexp.MustCompile(`(?i)\d+(?:-\d+)?/(?:tcp|udp)|unassigned|reserved|removed|de-registered|unofficially|unauthorized|####`)
)

// readBlocks finds all blocks whose remark names somebody.
func readBlocks(text string) []block {
	var blocks []block
	var current block
	remarked := false
	finish := func() {
		if len(current.entries) > 0 && len(current.persons) > 0 {
			blocks = append(blocks, current)
		}
		current, remarked = block{entries: map[string]entry{}}, false
	}
	finish()
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		switch m := record.FindStringSubmatch(line); {
		case m != nil && !strings.HasPrefix(line, "#"):
			if remarked {
				finish()
			}
			current.add(m)
		case strings.HasPrefix(line, "#") && divider.MatchString(line):
			finish()
		case strings.HasPrefix(line, "#"):
			current.remark(strings.TrimLeft(line, "# "))
			remarked = true
		case line != "":
			finish() // an entry without a name
		}
	}
	finish()
	return blocks
}

// add takes an entry into the block.
func (b *block) add(match []string) {
	first, _ := strconv.Atoi(match[2]) // digits by the expression; of no harm if too many
	high := first
	if match[3] != "" {
		high, _ = strconv.Atoi(match[3])
	}
	if len(b.entries) == 0 {
		b.first = first
	}
	b.high = max(b.high, high)
	b.last = entry{match[1], match[5]}
	b.entries[key(first, match[4], match[1])] = b.last
}

// remark takes a line of the remark into the block: a person with a mail address or nothing but a name, and a date. The
// address is dropped. Of a contact who was replaced the line is ignored.
func (b *block) remark(line string) {
	if strings.HasPrefix(line, "Previous Contact:") {
		return
	}
	line = strings.TrimPrefix(line, "Current Contact: ")
	if m := month.FindStringSubmatch(line); m != nil {
		if b.date == "" {
			b.date = isoDate(m[1], m[2], m[3])
		}
		line = strings.TrimSpace(strings.Replace(line, m[0], "", 1))
	}
	name, _, mailed := strings.Cut(line, "<")
	name = strings.TrimRight(strings.TrimSpace(name), ",")
	if person.MatchString(name) && (mailed || !strings.Contains(line, "Contact")) {
		b.persons = append(b.persons, name)
	}
}

// isoDate writes a date as the registry does today.
func isoDate(day, month, year string) string {
	t, err := time.Parse("January 2006", month+" "+year)
	if err != nil {
		return ""
	}
	date := t.Format("2006-01")
	if n, err := strconv.Atoi(day); err == nil && n >= 1 && n <= 31 {
		date += fmt.Sprintf("-%02d", n)
	}
	return date
}

// attribute fills the rows that name nobody and have no date from the block that held them in 2008. In some runs the
// remark speaks of the last entry only and all others never had one, so a row takes nothing from a block in which it is
// not of a kind with the last entry.
func attribute(rows []iana.Row, blocks []block) {
	of := map[string]block{}
	for _, b := range blocks {
		for k := range b.entries {
			of[k] = b
		}
	}
	for i, r := range rows {
		k := key(r.First, r.Transports, r.Name)
		b, ok := of[k]
		if !ok || r.Name == "" || r.Assignee != "" || r.Contact != "" || r.Registered != "" || !akin(b.entries[k], b.last) {
			continue
		}
		rows[i].Assignee, rows[i].Registered = strings.Join(b.persons, ", "), b.date
		rows[i].Block = strconv.Itoa(b.first)
		if b.high != b.first {
			rows[i].Block += "-" + strconv.Itoa(b.high)
		}
	}
}

// akin tells whether two entries look like one registration: names that begin alike, or descriptions whose first word
// is the same.
func akin(a, b entry) bool {
	const enough = 3 // letters
	word := func(s string) string {
		first, _, _ := strings.Cut(strings.ToLower(s), " ")
		return first
	}
	n := 0
	for n < min(len(a.name), len(b.name)) && a.name[n] == b.name[n] {
		n++
	}
	return n >= enough || a.name == b.name || len(word(a.description)) >= enough && word(a.description) == word(b.description)
}

// key names an entry. Underscores, which names may no longer have, count as hyphens.
func key(port int, transport, name string) string {
	return strconv.Itoa(port) + transport + " " + strings.ToLower(strings.ReplaceAll(name, "_", "-"))
}
