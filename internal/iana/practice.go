// This file is our own table of what software really puts on a port.

package iana

import (
	_ "embed"
	"strings"

	"rtevent"
)

// practice is the table, the most prominent software of a port first: port, transport's letter, software, protocol,
// protocol as a finding names it, whether it is the registered service ("yes", "no", "-" without a registration, or the
// one name of several that it is), "historical" or nothing, the specification, the source, and the letters of the
// independent sources that have the same.
//
//go:embed data/practice.tsv
var practice string

// use is one line of it.
type use struct {
	software, protocol, speaks string
	agrees                     string
	historical                 bool
	specification, source      string
	corroborated               string
}

// uses finds the lines of a port.
func uses(t rtevent.Transport, port uint16) []use {
	var found []use
	for cells := range rowsOf(practice, t, port) {
		found = append(found, parseUse(cells))
	}
	return found
}

func parseUse(line string) use {
	var cells [8]string
	for i := range cells {
		cells[i], line, _ = strings.Cut(line, "\t")
	}
	return use{software: cells[0], protocol: cells[1], speaks: cells[2], agrees: cells[3], historical: cells[4] == "historical",
		specification: cells[5], source: cells[6], corroborated: cells[7]}
}

// agreesWith tells whether the use is what a row registers.
func (u use) agreesWith(r Row) bool {
	return u.agrees == "yes" || u.agrees == r.Name && r.Name != ""
}

// judged tells whether anybody compared the use with a registration.
func (u use) judged() bool {
	return u.agrees != "-"
}

// Practice lists what software is known to use a port by default, the most prominent first. The rows are believed, not
// measured: each names the document that should say so, and Corroborated lists the independent sources that do.
func (r *Registry) Practice(t rtevent.Transport, port uint16) []rtevent.Practice {
	var found []rtevent.Practice
	for _, u := range uses(t, port) {
		found = append(found, rtevent.Practice{Port: port, Transport: t, Software: u.software, Protocol: u.protocol,
			Speaks: u.speaks, Agrees: r.agreement(u, t, port), Source: u.source, Historical: u.historical,
			Corroborated: r.corroborators(u.corroborated)})
	}
	return found
}

// agreement says how a use stands to the registration. A registration that is younger than the table was not compared.
func (r *Registry) agreement(u use, t rtevent.Transport, port uint16) string {
	registered, compared := false, false
	for row := range r.table.at(port) {
		if row.on(t) && row.Name != "" && row.State != Gone {
			registered = true
			compared = compared || row.State != Later && u.judged()
		}
	}
	switch {
	case !registered && port >= dynamic:
		return "dynamic"
	case !registered:
		return "unassigned"
	case !compared:
		return "unknown"
	case u.agrees == "no":
		return "no"
	}
	return "yes"
}

// corroborators names the sources of some letters. SELinux stands only here: its port types follow what a program of
// that name uses, but also copy the registry's names, so it is no evidence for a registration.
func (r *Registry) corroborators(letters string) []string {
	var names []string
	for _, l := range []byte(letters) {
		if l == 'x' {
			names = append(names, "SELinux policy")
		}
		for _, s := range r.Sources() {
			if s.letter == l {
				names = append(names, s.Name)
			}
		}
	}
	return names
}
