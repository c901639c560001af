// This file finds registrations by words.

package iana

import (
	"cmp"
	"slices"
	"strings"

	"rtevent"
)

// Search finds the registrations in which every one of the words stands: in the name, the description, the assignee or
// the contact, whatever the case. The best come first: the name itself, names that begin with the words, names that
// contain them, all others; each group by port. There is one Claim for each transport. A name without a port has the
// level Portless.
func (r *Registry) Search(words string) []rtevent.Claim {
	wanted := strings.Fields(strings.ToLower(words))
	if len(wanted) == 0 {
		return nil
	}
	type hit struct {
		row  Row
		rank int
	}
	var hits []hit
	for row := range r.table.all() {
		if rank, ok := match(row, wanted); ok {
			hits = append(hits, hit{row, rank})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.rank, b.rank) })
	var claims []rtevent.Claim
	for _, h := range hits {
		claims = append(claims, r.found(h.row)...)
	}
	return claims
}

// match tells whether all words stand in a row, and how well the name fits; less is better.
func match(row Row, words []string) (rank int, ok bool) {
	if row.Name == "" || row.State == Gone {
		return 0, false
	}
	name := strings.ToLower(row.Name)
	text := strings.ToLower(strings.Join([]string{row.Name, row.Description, row.Assignee, row.Contact}, "\n"))
	rank = 2
	for _, w := range words {
		if !strings.Contains(text, w) {
			return 0, false
		}
		if !strings.Contains(name, w) {
			rank = 3
		}
	}
	switch whole := strings.Join(words, "-"); {
	case name == whole:
		rank = 0
	case strings.HasPrefix(name, whole):
		rank = 1
	}
	return rank, true
}

// found gives the claims of a row, one for each transport.
func (r *Registry) found(row Row) []rtevent.Claim {
	if row.First == NoPort {
		return r.portless(row)
	}
	var claims []rtevent.Claim
	for _, t := range transports {
		if row.on(t) {
			claims = append(claims, r.claim(row, t, uint16(row.First)))
		}
	}
	return claims
}

// portless gives the claims of a name without a port, which may have a transport or none.
func (r *Registry) portless(row Row) []rtevent.Claim {
	of := []rtevent.Transport{""}
	if row.Transports != "" {
		of = slices.DeleteFunc(slices.Clone(transports[:]), func(t rtevent.Transport) bool { return !row.on(t) })
	}
	var claims []rtevent.Claim
	for _, t := range of {
		c := r.words(row, t)
		c.Level = rtevent.Portless
		if r.table.Fields != "" {
			c.AsOf = "names without a port of " + monthOf(r.table.Fields)
		}
		c.Basis = []rtevent.Fact{{Source: "IANA registry", Date: cmp.Or(r.table.Fields, r.table.Names), Says: "registers the name without a port"}}
		claims = append(claims, c)
	}
	return claims
}
