// Versions that come as numbers.

package protocol

import (
	"strconv"
	"strings"
)

// dotted writes the numbers of a version with dots between them.
func dotted(numbers ...int) string {
	var parts []string
	for _, n := range numbers {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Join(parts, ".")
}
