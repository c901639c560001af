// This file words the facts that a level rests on. A source that is silent is a fact as well.

package iana

import (
	"fmt"
	"strings"

	"rtevent"
)

// textRegistry is the date of the text registry whose remarks fill blank rows.
const textRegistry = "2008-05-22"

// registered says what the row itself has to offer.
func (r *Registry) registered(row Row, own signs) rtevent.Fact {
	says := "registers " + row.Name
	switch specification := own.specification(); {
	case cites(row.Reference):
		says += ", by " + row.Reference
	case specification != "":
		says += ", without a reference; it is specified by " + specification
	default:
		says += ", without a specification"
	}
	return rtevent.Fact{Source: "IANA registry", Date: r.table.Names, Says: says}
}

// blockSays repeats the remark of a block.
func blockSays(row Row) string {
	says := "one remark for " + row.Block + ": " + row.Assignee
	if row.Registered != "" {
		says += ", " + row.Registered
	}
	return says
}

// attribution says where a blank row's assignee comes from.
func attribution(row Row) string {
	switch {
	case row.Block == "":
		return ""
	case strings.Contains(row.Block, "-"):
		return fmt.Sprintf("from the block %s of the text registry of %s; the row itself is blank", row.Block, textRegistry)
	}
	return fmt.Sprintf("from the text registry of %s; the row itself is blank", textRegistry)
}

// facts goes through every source, and ends with what a whole silence means and what it does not.
func (r *Registry) facts(own, other signs) []rtevent.Fact {
	var facts []rtevent.Fact
	sources := r.Sources()
	for _, s := range sources {
		says := spoken(own, s.letter, "has it")
		if says == "" {
			says = spoken(other, s.letter, "has another use")
		}
		facts = append(facts, rtevent.Fact{Source: s.Name, Date: s.Date, Says: says, Silent: says == ""})
		if says == "" {
			facts[len(facts)-1].Says = "silent"
		}
	}
	if own.empty() && other.empty() {
		facts = append(facts, rtevent.Fact{Source: fmt.Sprintf("all %d sources", len(sources)), Date: gathered,
			Says: "no sign of life found in these sources; about a quarter of such ports once had a private or closed product"})
	}
	return facts
}

// spoken is what one source has.
func spoken(s signs, letter byte, words string) string {
	var names []string
	found := false
	for _, x := range s.sightings {
		if x.letter == letter {
			found = true
			if x.program != "" {
				names = append(names, x.program)
			}
		}
	}
	if letter == practiced {
		for _, u := range s.uses {
			found = true
			if len(names) < 3 {
				names = append(names, u.software)
			}
		}
	}
	if !found {
		return ""
	}
	if len(names) == 0 {
		return words
	}
	return words + " (" + strings.Join(names, ", ") + ")"
}
