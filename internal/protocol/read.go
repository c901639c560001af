// Reading a reply with every reader.

package protocol

import (
	"slices"

	"rtevent"
)

// Read reads a reply with every reader and returns what they recognise, the best first: strong before weak, then in
// the order of All. Whose hello caused the reply does not matter.
func Read(reply string) []rtevent.Finding {
	var all []rtevent.Finding
	for _, d := range All {
		if f, ok := d.Read(reply); ok {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b rtevent.Finding) int { return rank(a) - rank(b) })
	return all
}

func rank(f rtevent.Finding) int {
	if f.Confidence == rtevent.Strong {
		return 0
	}
	return 1
}
