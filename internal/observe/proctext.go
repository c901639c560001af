// Reads the small texts of /proc: numbers in names and links, ranges, units in cgroup paths.

package observe

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// bracketed reads the number of "socket:[123]" or "net:[123]".
func bracketed(link []byte, kind string) (uint64, bool) {
	const maxDigits = 20
	if len(link) < len(kind)+4 || string(link[:len(kind)]) != kind {
		return 0, false
	}
	digits, opened := bytes.CutPrefix(link[len(kind):], []byte(":["))
	digits, closed := bytes.CutSuffix(digits, []byte("]"))
	if !opened || !closed || len(digits) == 0 || len(digits) > maxDigits {
		return 0, false
	}
	n := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// unitOf finds the unit of the service manager in a cgroup path: "/system.slice/ssh.service" -> "ssh.service".
func unitOf(cgroup string) string {
	unit := ""
	for part := range strings.SplitSeq(cgroup, "/") {
		for _, kind := range [...]string{".service", ".scope", ".socket"} {
			if strings.HasSuffix(part, kind) && len(part) > len(kind) {
				unit = part
			}
		}
	}
	return unit
}

// number reads a name that is a number: a process, a thread or a descriptor. It is not ok for other names.
func number(name []byte) (int, bool) {
	const maxDigits = 10
	if len(name) == 0 || len(name) > maxDigits {
		return 0, false
	}
	n := 0
	for _, c := range name {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// parsePortRange reads "32768\t60999\n".
func parsePortRange(b []byte) (portRange, bool) {
	f := bytes.Fields(b)
	if len(f) != 2 {
		return portRange{}, false
	}
	first, err1 := strconv.Atoi(string(f[0]))
	last, err2 := strconv.Atoi(string(f[1]))
	if err1 != nil || err2 != nil || first < 0 || last < first || last > math.MaxUint16 {
		return portRange{}, false
	}
	return portRange{uint16(first), uint16(last)}, true
}
