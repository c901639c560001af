// This file is the sources other than the registry: what each of them has on a port.

package iana

import (
	_ "embed"
	"fmt"
	"strings"

	"rtevent"
)

// evidence is our table of what each source has on which port: a port, a transport's letter, and a cell for each source:
// "+" where it has the registered service, "-" where it has something else, the source's letter, and its own name.
//
//go:embed data/evidence.tsv
var evidence string

// Source is somewhere that signs of life were looked for.
type Source struct {
	Name   string `json:"name"` // with its version
	Date   string `json:"date"`
	What   string `json:"what"`
	letter byte
}

// Sources are all of them.
type Sources []Source

// String counts them: "7 sources of 2026-11".
func (s Sources) String() string {
	return fmt.Sprintf("%d sources of %s", len(s), gathered[:len("2006-01")])
}

// gathered is the day on which the sources were last looked at and the practice table was reviewed.
const gathered = "2026-11-22"

// practiced is the letter of the practice table, which is a source of its own.
const practiced = 'p'

// Sources lists where signs of life are looked for, each with its date.
func (r *Registry) Sources() Sources {
	return Sources{
		{"Debian netbase 6.4", "2022-10-18", "the list of services that its maintainers know to be used", 'n'},
		{"Wireshark 4.0.17", "2026-05-03", "dissectors that are bound to a port by default", 'w'},
		{"firewalld 1.3.3", "2026-05-20", "definitions of services", 'f'},
		{"Shorewall 5.2.8", "2023-02-18", "macros for services", 's'},
		{"ufw 0.36.2 and gufw 22.04", "2023-05-18", "profiles of applications; many are old games", 'u'},
		{"nerva 6baa80e", "2026-05-07", "modules that recognise services", 'v'},
		{"rtevent's practice table", gathered, "what software uses a port by default", practiced},
	}
}

// sighting is what one source has on one port and transport.
type sighting struct {
	letter  byte
	same    bool   // the registered service, not another
	program string // the source's name for it; may be empty
}

// sightings finds what the sources other than the practice table have.
func sightings(t rtevent.Transport, port uint16) []sighting {
	var found []sighting
	for cells := range rowsOf(evidence, t, port) {
		for cells != "" {
			var cell string
			cell, cells, _ = strings.Cut(cells, "\t")
			if len(cell) < 2 {
				continue
			}
			found = append(found, sighting{letter: cell[1], same: cell[0] == '+', program: strings.TrimPrefix(cell[2:], ":")})
		}
	}
	return found
}

// rowsOf yields what follows port and transport in each line of a table that starts with these two cells.
func rowsOf(lines string, t rtevent.Transport, port uint16) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(seek(lines, int(port))) {
			number, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if at, _ := parsePorts(number); at != int(port) {
				return
			}
			if l, cells, _ := strings.Cut(rest, "\t"); l == letter(t) && !yield(cells) {
				return
			}
		}
	}
}
