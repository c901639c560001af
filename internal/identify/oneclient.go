// Ports where even a connection takes something.

package identify

import (
	"slices"

	"rtevent"
)

// ServesOne tells a port whose usual server takes one client and no other: whoever only connects may take the place of
// the one it waits for.
func ServesOne(t rtevent.Transport, port uint16) bool {
	return slices.ContainsFunc(reserves, func(r reserve) bool {
		return r.why == debugger && r.transport == t && r.first <= port && port <= r.last
	})
}
