// Reading a reply with every reader, and what several replies amount to.

package protocol

import (
	"cmp"
	"maps"
	"slices"
	"strings"

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

func rank(f rtevent.Finding) int { return one(f.Confidence != rtevent.Strong) }

func one(condition bool) int {
	if condition {
		return 1
	}
	return 0
}

// Platform tells a finding that names only what others stand on or behind, a web server, a proxy or a library, or nothing:
// what is asked further may name the product.
func Platform(f rtevent.Finding) bool {
	return f.Protocol == http.Name && !isHTTPProduct(f.Product)
}

// Order puts the finding of one server first that tells most: strong before weak, a product before a platform, with a
// version before without.
func Order(a, b rtevent.Finding) int {
	score := func(f rtevent.Finding) int {
		return 4*rank(f) + 2*one(Platform(f)) + one(f.Version == "")
	}
	return score(a) - score(b)
}

// Merge is what several findings of one server amount to: the first, with what others of the same protocol add that does
// not contradict it.
func Merge(all []rtevent.Finding) rtevent.Finding {
	merged := all[0]
	merged.Details = maps.Clone(merged.Details)
	for _, f := range all[1:] {
		if f.Protocol != merged.Protocol {
			continue
		}
		if f.Product != "" && merged.Product != "" && f.Product != merged.Product {
			if Platform(f) {
				addDetail(&merged, "server", strings.TrimSpace(f.Product+" "+f.Version))
			}
			continue
		}
		merged.Product = cmp.Or(merged.Product, f.Product)
		merged.Version = cmp.Or(merged.Version, f.Version)
		for name, value := range f.Details {
			addDetail(&merged, name, value)
		}
	}
	return merged
}

// addDetail adds a detail that is not there.
func addDetail(f *rtevent.Finding, name, value string) {
	if f.Details == nil {
		f.Details = map[string]string{}
	}
	if _, ok := f.Details[name]; !ok {
		f.Details[name] = value
	}
}
