// What a run found, statement by statement.

package conform

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Outcome is what is known of a statement.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Skip Outcome = "skip"
)

// Result is what one vector showed of one statement.
type Result struct {
	ID      string   `json:"id"` // "RTE-5.3-1"
	Outcome Outcome  `json:"outcome"`
	What    string   `json:"what"`
	Vector  string   `json:"vector"`
	Line    int      `json:"line,omitempty"` // of the vector, where it failed
	Why     string   `json:"why,omitempty"`
	Talk    []string `json:"talk,omitempty"` // what was said and seen up to there, where it failed
}

// Order sorts results by the number of their statement, then by vector.
func Order(a, b Result) int {
	if c := compareIDs(a.ID, b.ID); c != 0 {
		return c
	}
	return strings.Compare(a.Vector, b.Vector)
}

func compareIDs(a, b string) int {
	number := func(s string) []int {
		var n []int
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '.' || r < '0' || r > '9' }) {
			i, _ := strconv.Atoi(part) // too large a number is no number of ours
			n = append(n, i)
		}
		if len(n) == 2 { // RTE-6-1 comes before RTE-6.1-1
			n = slices.Insert(n, 1, 0)
		}
		return n
	}
	return cmp.Or(slices.Compare(number(a), number(b)), strings.Compare(a, b))
}

// Statement is what all vectors together showed of one statement.
type Statement struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	What    string  `json:"what"`
	Why     string  `json:"why,omitempty"`
}

// Sum adds results up: a statement has failed when a vector shows so, and holds when one shows that and none denies it.
func Sum(results []Result) []Statement {
	var all []Statement
	for _, r := range slices.SortedStableFunc(slices.Values(results), Order) {
		last := len(all) - 1
		if last < 0 || all[last].ID != r.ID {
			all = append(all, Statement{r.ID, r.Outcome, r.What, r.Why})
			continue
		}
		if worth(r.Outcome) > worth(all[last].Outcome) {
			all[last] = Statement{r.ID, r.Outcome, r.What, r.Why}
		}
	}
	return all
}

// worth says which of two outcomes counts.
func worth(o Outcome) int { return slices.Index([]Outcome{Skip, Pass, Fail}, o) }
