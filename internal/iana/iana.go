// Package iana knows what the registry claims for a port, whether that claim shows any sign of life, and what practice
// puts there instead.
//
// The registry is embedded as a sorted text and searched in place; see data/README.md for where it comes from. A newer one
// that Update fetched is used in its stead. A claim is a historical record, never evidence of what runs on a port: its level
// says how much sign of life there is in sources other than the registry, and its basis what each of them says, or that
// it is silent.
package iana

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"

	"rtevent"
)

//go:generate sh gen/fetch.sh ../../.cache/iana
//go:generate go run ./gen ../../.cache/iana data/registry.tsv

// embedded is the table that gen makes.
//
//go:embed data/registry.tsv
var embedded string

// dynamic is the first of the ports that are not registered but handed out by the system.
const dynamic = 49152

// Registry answers what is known of ports. It never changes; all its methods may be called at the same time.
type Registry struct {
	table table
	why   string
}

// Claims tells what the registry says of a port on a transport: the rows of the port itself, what the sources confirm
// first, then ranges that contain it. It is never empty: without a registration there is one Claim without a Name whose
// Level says what else is known.
func (r *Registry) Claims(t rtevent.Transport, port uint16) []rtevent.Claim {
	var rows []Row
	for row := range r.table.at(port) {
		if row.on(t) && row.Name != "" && row.State != Gone {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return []rtevent.Claim{r.unclaimed(t, port)}
	}
	confirmed(rows, signsOf(t, port))
	claims := make([]rtevent.Claim, len(rows))
	for i, row := range rows {
		claims[i] = r.claim(row, t, port)
	}
	return claims
}

// confirmed puts the names that more sources know before those that fewer know, each group in the table's order.
func confirmed(rows []Row, s signs) {
	known := func(r Row) (n int) {
		for _, x := range s.sightings {
			if x.same && slices.ContainsFunc(strings.Split(x.program, ", "), func(p string) bool { return strings.EqualFold(p, r.Name) }) {
				n++
			}
		}
		for _, u := range s.uses {
			if u.agrees == r.Name || u.agrees == "yes" && u.speaks == r.Name {
				n++
			}
		}
		return n
	}
	single := slices.IndexFunc(rows, func(r Row) bool { return r.First != r.Last })
	if single < 0 {
		single = len(rows)
	}
	slices.SortStableFunc(rows[:single], func(a, b Row) int {
		return cmp.Or(compareBool(a.alias(), b.alias()), -cmp.Compare(known(a), known(b)))
	})
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// claim turns a row with a name and a port into words.
func (r *Registry) claim(row Row, t rtevent.Transport, port uint16) rtevent.Claim {
	c := r.words(row, t)
	g := r.grade(row, t, port)
	c.Level, c.Contested, c.Basis = g.level, g.contested, g.basis
	return c
}

// words copies a row's cells.
func (r *Registry) words(row Row, t rtevent.Transport) rtevent.Claim {
	c := rtevent.Claim{Name: row.Name, Transport: t, Description: row.Description, Assignee: row.Assignee,
		Contact: row.Contact, Registered: row.Registered, Modified: row.Modified, Reference: row.Reference,
		Attribution: attribution(row), Unauthorized: row.Unauthorized, Notes: row.Notes, AsOf: r.AsOf()}
	if row.First != NoPort {
		c.Port = uint16(row.First)
	}
	if row.Last > row.First {
		c.PortLast = uint16(row.Last)
	}
	return c
}

// unclaimed is what is known of a port that nobody registered.
func (r *Registry) unclaimed(t rtevent.Transport, port uint16) rtevent.Claim {
	c := rtevent.Claim{Transport: t, Port: port, AsOf: r.AsOf(), Level: rtevent.Unassigned}
	says := "has no row for it"
	if port >= dynamic {
		c.Level, says = rtevent.Dynamic, "never registers ports from 49152"
	}
	var former []string
	for row := range r.table.at(port) {
		switch {
		case !row.on(t):
		case row.State == Gone:
			former = append(former, row.Name)
			c.Level, says = rtevent.Reserved, "took it back"
		default:
			c.Description, c.Assignee, c.Contact = row.Description, row.Assignee, row.Contact
			c.Modified, c.Unauthorized, c.Notes = row.Modified, row.Unauthorized, row.Notes
			if !unassigned(row) {
				c.Level, says = rtevent.Reserved, "keeps it back: "+row.Description
			}
		}
	}
	if former != nil {
		c.Notes = strings.TrimSpace("formerly " + strings.Join(former, ", ") + ". " + c.Notes)
	}
	c.Basis = []rtevent.Fact{{Source: "IANA registry", Date: r.table.Names, Says: says}}
	if s := signsOf(t, port); !s.empty() {
		c.Level = rtevent.Practised
		if len(s.uses) > 0 && s.current() == 0 {
			c.Level = rtevent.Historical
		}
		c.Basis = append(c.Basis, r.facts(signs{}, s)...)
	}
	return c
}
