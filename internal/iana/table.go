// This file is the registry as a text that is searched in place: a heading, then one Row a line. First stand the few
// ranges of ports, then the single ports in ascending order, then the names without a port. Nothing is parsed or
// allocated before somebody asks, so that the first answer of a fresh process costs microseconds.

package iana

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"strings"
)

// title is the first line of every table. The number changes when older programs could not read it.
const title = "# rtevent registry 1"

// Header says where a table comes from.
type Header struct {
	Names  string // the date of the names: "2026-09-17"
	Fields string // the date of all other cells, where it is another one

	// A fetched table keeps these, to ask for changes only.
	Source       string // its address
	Fetched      string // when, in RFC 3339
	ETag         string
	LastModified string
	Sum          string // the checksum of all the rest
}

// lines are the cells of a Header and what they are called.
func (h *Header) lines() []struct {
	name  string
	value *string
} {
	return []struct {
		name  string
		value *string
	}{
		{"names", &h.Names}, {"fields", &h.Fields}, {"source", &h.Source}, {"fetched", &h.Fetched}, {"etag", &h.ETag},
		{"last-modified", &h.LastModified}, {"sum", &h.Sum},
	}
}

// Encode writes a table. It puts the rows in order and joins those that differ in the transport only.
func Encode(h Header, rows []Row) string {
	var body strings.Builder
	for _, r := range arrange(rows) {
		body.WriteString(r.String())
		body.WriteByte('\n')
	}
	h.Sum = h.checksum(body.String())
	return h.String() + body.String()
}

// String is the heading, with its line breaks.
func (h Header) String() string {
	var b strings.Builder
	b.WriteString(title + "\n")
	for _, l := range h.lines() {
		if *l.value != "" {
			fmt.Fprintf(&b, "# %s\t%s\n", l.name, plain(*l.value))
		}
	}
	return b.String()
}

// checksum covers the heading and all lines after it. It finds damage, not malice: whoever can write the cache can
// write anything.
func (h Header) checksum(body string) string {
	h.Sum = ""
	sum := crc32.ChecksumIEEE([]byte(h.String()))
	var chunk [32 << 10]byte // the body is large, and copying all of it costs more than the sum
	for body != "" {
		n := copy(chunk[:], body)
		sum = crc32.Update(sum, crc32.IEEETable, chunk[:n])
		body = body[n:]
	}
	return fmt.Sprintf("%08x", sum)
}

// arrange joins rows that are equal but for the transport, and sorts: ranges, ports, names; of one port in the order
// given, what merely repeats another name last.
func arrange(rows []Row) []Row {
	var joined []Row
	seen := map[Row]int{}
	for _, r := range rows {
		key := r
		key.Transports = ""
		if i, ok := seen[key]; ok {
			joined[i].Transports = union(joined[i].Transports, r.Transports)
			continue
		}
		seen[key] = len(joined)
		joined = append(joined, r)
	}
	slices.SortStableFunc(joined, func(a, b Row) int {
		return cmp.Or(cmp.Compare(section(a), section(b)), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last),
			cmp.Compare(rank(a), rank(b)))
	})
	return joined
}

// section is the part of the table that a row stands in.
func section(r Row) int {
	switch {
	case r.First == NoPort:
		return 2
	case r.First == r.Last:
		return 1
	}
	return 0
}

// rank orders the rows of one port: names, other names for the same, what is reserved, what is no more.
func rank(r Row) int {
	switch {
	case r.State == Gone:
		return 3
	case r.Name == "":
		return 2
	case r.alias():
		return 1
	}
	return 0
}

// union joins two sets of transports.
func union(a, b string) string {
	var all strings.Builder
	for _, t := range transports {
		if l := letter(t); strings.Contains(a, l) || strings.Contains(b, l) {
			all.WriteString(l)
		}
	}
	return all.String()
}

// table is a text of Encode.
type table struct {
	Header
	body   string // all lines after the heading:
	ranges string // those of ranges
	rows   string // and the others
}

// openTable splits a text into its parts. It verifies nothing but the title.
func openTable(text string) (table, error) {
	line, rest, _ := strings.Cut(text, "\n")
	if line != title {
		return table{}, fmt.Errorf("the first line is not %q", title)
	}
	var t table
	for strings.HasPrefix(rest, "# ") {
		line, rest, _ = strings.Cut(rest, "\n")
		name, value, _ := strings.Cut(line[2:], "\t")
		for _, l := range t.lines() {
			if l.name == name {
				*l.value = value
			}
		}
	}
	t.body = rest
	for {
		line, after, _ := strings.Cut(rest, "\n")
		if first, last := parsePorts(firstCell(line)); first == last {
			break
		}
		rest = after
	}
	t.ranges, t.rows = t.body[:len(t.body)-len(rest)], rest
	return t, nil
}

// at yields the rows of a port: those of the port alone, then the ranges that contain it.
func (t table) at(port uint16) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for line := range strings.Lines(seek(t.rows, int(port))) {
			line = strings.TrimSuffix(line, "\n")
			if first, _ := parsePorts(firstCell(line)); first != int(port) {
				break
			}
			if !yield(parseRow(line)) {
				return
			}
		}
		for line := range strings.Lines(t.ranges) {
			r := parseRow(strings.TrimSuffix(line, "\n"))
			if r.First <= int(port) && int(port) <= r.Last && !yield(r) {
				return
			}
		}
	}
}

// near yields the rows of the single ports from first to last.
func (t table) near(first, last int) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for line := range strings.Lines(seek(t.rows, first)) {
			r := parseRow(strings.TrimSuffix(line, "\n"))
			if r.First == NoPort || r.First > last || !yield(r) {
				return
			}
		}
	}
}

// all yields every row.
func (t table) all() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, part := range []string{t.ranges, t.rows} {
			for line := range strings.Lines(part) {
				if !yield(parseRow(strings.TrimSuffix(line, "\n"))) {
					return
				}
			}
		}
	}
}

// seek bisects lines that ascend by the port in their first cell, lines without one last. It returns the text from the
// first line of the port or of a later one.
func seek(lines string, port int) string {
	low, high := 0, len(lines) // offsets of line beginnings
	for low < high {
		begin := low + strings.LastIndexByte(lines[low:low+(high-low)/2], '\n') + 1
		end := strings.IndexByte(lines[begin:], '\n')
		if end < 0 {
			end = len(lines)
		} else {
			end += begin + 1
		}
		if at, _ := parsePorts(firstCell(lines[begin:end])); at != NoPort && at < port {
			low = end
		} else {
			high = begin
		}
	}
	return lines[low:]
}

// firstCell is what stands before the first tab.
func firstCell(line string) string {
	cell, _, _ := strings.Cut(line, "\t")
	return strings.TrimSuffix(cell, "\n")
}
