// The score: how many answers there were, and how many were right.

package main

import (
	"rtevent"
	"rtevent/internal/transcript"
)

// fields are what an answer may name.
var fields = []string{"protocol", "product", "version"}

// names are what a finding names, in the order of fields.
func names(f rtevent.Finding) [3]string { return [3]string{f.Protocol, f.Product, f.Version} }

// names are what an answer names. "tls" says that nobody recognised the inside: of a server inside TLS it names nothing.
func (a answer) names() [3]string {
	if a.over == transcript.TLS && a.found.Protocol == "tls" {
		return [3]string{}
	}
	return names(a.found)
}

// confidences are those of answers.
var confidences = []rtevent.Confidence{rtevent.Strong, rtevent.Weak}

// A count is of the answers that name a field, and of those that name it right.
type count struct{ named, right int }

// precision is how many of the answers are right; 1 if there are none.
func (c count) precision() float64 {
	if c.named == 0 {
		return 1
	}
	return float64(c.right) / float64(c.named)
}

// A score is of one field, by confidence.
type score struct {
	there int // servers of which there is something to name
	by    map[rtevent.Confidence]count
}

func (s score) recall(c rtevent.Confidence) float64 {
	if s.there == 0 {
		return 1
	}
	return float64(s.by[c].right) / float64(s.there)
}

// scores are those of fields.
type scores [3]score

// score counts the answers of a setting.
func (r result) score() scores {
	var all scores
	for i := range all {
		all[i].by = map[rtevent.Confidence]count{}
	}
	for _, a := range r.answers {
		for i := range all {
			all[i].add(a, i)
		}
	}
	return all
}

func (s *score) add(a answer, field int) {
	if names(a.truth)[field] != "" {
		s.there++
	}
	c := s.by[a.found.Confidence]
	if a.names()[field] != "" {
		c.named++
	}
	if a.right(field) {
		c.right++
	}
	s.by[a.found.Confidence] = c
}

// right tells whether an answer names a field, and as it truly is. A version is right only of the right product, and a
// product only of the right protocol.
func (a answer) right(field int) bool {
	found, truth := a.names(), names(a.truth)
	for i := range field + 1 {
		if found[i] != truth[i] {
			return false
		}
	}
	return found[field] != ""
}

// wrong tells whether an answer names anything as it is not.
func (a answer) wrong() bool {
	for i, name := range a.names() {
		if name != "" && !a.right(i) {
			return true
		}
	}
	return false
}

// strongest is the precision of the strong answers in the field where it is lowest.
func (s scores) strongest() float64 {
	lowest := 1.0
	for _, one := range s {
		lowest = min(lowest, one.by[rtevent.Strong].precision())
	}
	return lowest
}
