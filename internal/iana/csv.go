// This file reads the official CSV of the registry.

package iana

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are the headings of the official CSV that are read, in the order of our cells; one of them was renamed.
var columns = [...]string{"service name", "port number", "transport protocol", "description", "assignee", "contact",
	"registration date", "modification date", "reference", "unauthorized use reported", "assignment notes"}

const (
	renamed    = "known unauthorized uses"
	renamedNow = 9
)

// layout is where each of the columns stands in a file; -1 if it has none.
type layout [len(columns)]int

// ReadCSV reads the registry as IANA publishes it: one Row a record, in the order of the file. A record without a
// transport but with a port means TCP and UDP. Ports that are merely unassigned are left out, unless a remark says
// something of them. The error names the line.
func ReadCSV(r io.Reader) ([]Row, error) {
	records := csv.NewReader(r)
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	head, err := records.Read()
	if err != nil {
		return nil, fmt.Errorf("read the CSV's heading: %w", err)
	}
	at, err := headings(head)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the CSV: %w", err)
		}
		row, err := fromRecord(record, at)
		if err != nil {
			line, _ := records.FieldPos(0)
			return nil, fmt.Errorf("read the CSV, line %d: %w", line, err)
		}
		if row.Name != "" || row.First != NoPort && !idle(row) {
			rows = append(rows, row)
		}
	}
}

// headings finds where the columns stand.
func headings(head []string) (at layout, err error) {
	for cell, name := range columns {
		at[cell] = slices.IndexFunc(head, func(h string) bool {
			h = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
			return h == name || cell == renamedNow && h == renamed
		})
		if at[cell] < 0 && cell != renamedNow {
			return at, fmt.Errorf("read the CSV's heading: no column %q: this is not IANA's service-names-port-numbers.csv", name)
		}
	}
	return at, nil
}

// fromRecord reads one record, whose columns stand where at says.
func fromRecord(record []string, at layout) (Row, error) {
	cell := func(i int) string {
		if at[i] < 0 || at[i] >= len(record) {
			return ""
		}
		return record[at[i]]
	}
	row := Row{Name: plain(cell(0)), First: NoPort, Last: NoPort, Description: plain(cell(3)), Assignee: unmarked(persons(cell(4))),
		Contact: unmarked(persons(cell(5))), Registered: plain(cell(6)), Modified: plain(cell(7)), Reference: references(cell(8)),
		Unauthorized: plain(cell(9)), Notes: plain(cell(10))}
	if port := strings.TrimSpace(cell(1)); port != "" {
		if row.First, row.Last = parsePorts(port); row.First == NoPort {
			return row, fmt.Errorf("%q is no port and no range of ports", port)
		}
	}
	switch t := strings.ToLower(strings.TrimSpace(cell(2))); t {
	case "tcp", "udp", "sctp", "dccp":
		row.Transports = t[:1]
	case "":
		if row.First != NoPort {
			row.Transports = "tu"
		}
	default:
		return row, fmt.Errorf("%q is no transport", t)
	}
	shorten(&row)
	return row, nil
}

// unmarked takes off what a table would read as a mark of its own.
func unmarked(s string) string { return strings.TrimLeft(s, "~= ") }

// shorten says in a word what the registry says in a sentence hundreds of times.
func shorten(row *Row) {
	const formed = `IANA assigned this well-formed service name as a replacement for "`
	if before, after, ok := strings.Cut(row.Description, formed); ok {
		name, rest, _ := strings.Cut(after, `"`)
		row.Description = plain(before + strings.TrimPrefix(rest, "."))
		row.Notes = plain("replaces " + name + ". " + row.Notes)
	}
	row.Notes = repeats(row.Notes, `This entry is an alias to "`, "alias of ", `".`,
		" This entry is now historic, not usable for use with many common service discovery mechanisms.")
	row.Notes = repeats(row.Notes, `This is a duplicate of the "`, "duplicate of ",
		`" service and should not be used for discovery purposes.`, "")
}

// repeats shortens a remark that the row only repeats another, whose name stands between begin and end.
func repeats(notes, begin, short, end, trailer string) string {
	after, ok := strings.CutPrefix(notes, begin)
	if !ok {
		return notes
	}
	name, rest, ok := strings.Cut(after, end)
	if !ok {
		return notes
	}
	return plain(short + name + ". " + strings.TrimPrefix(rest, trailer))
}

// idle tells whether a row without a name says no more than that the port is free.
func idle(row Row) bool {
	return unassigned(row) && row.Unauthorized == "" && row.Notes == ""
}

// unassigned tells apart what nobody has asked for from what the registry keeps back, among the rows without a name.
func unassigned(row Row) bool {
	return row.Name == "" && (row.Description == "" || strings.Contains(strings.ToLower(row.Description), "unassigned"))
}
