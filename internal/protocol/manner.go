// Manners: what servers do with words that are not theirs, by which they give themselves away before they are asked in
// their own.

package protocol

import (
	"strings"
)

// Strangers are the ways in whose words nearly every unknown port is asked first, in the order of a Manner.
var Strangers = []string{"http", "line", "tls", "domain", "smb"}

// A Manner is what a server does with the words of each of the Strangers: it answers ('a'), whatever it says, hangs up
// without a word ('x') or waits for more ('w'). '.' is not known.
type Manner string

// likeness weighs how well a server that was seen to behave so may have this manner. Who waits may only be busy with
// another; what a server did, its kind does. It is false where that is not so.
func (m Manner) likeness(seen Manner) (weight int, ok bool) {
	for i := range min(len(m), len(seen)) {
		switch {
		case m[i] == '.' || seen[i] == '.':
		case m[i] == seen[i]:
			weight += 2
		case seen[i] == 'w':
			weight--
		default:
			return 0, false
		}
	}
	return max(weight, 0), true
}

// Likeness weighs how much a server that was seen to treat strangers so is like those of d: 0 if nothing is known, more if it
// is, and -1 if none of d's servers behaves so.
func (d *Def) Likeness(seen Manner) int {
	if d.Manners == "" {
		return 0
	}
	best := -1
	for manner := range strings.FieldsSeq(d.Manners) {
		if weight, ok := Manner(manner).likeness(seen); ok {
			best = max(best, weight)
		}
	}
	return best
}
