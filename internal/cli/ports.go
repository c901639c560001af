package cli

import (
	"strconv"
	"strings"

	"rtevent"
)

// portRange is what one item of a port list names: "22", "8000-9000", "53/udp".
type portRange struct {
	first, last uint16
	transport   rtevent.Transport // empty: any
}

// single tells whether the range is one port.
func (r portRange) single() bool { return r.first == r.last }

// String is the range as a user would type it.
func (r portRange) String() string {
	s := strconv.Itoa(int(r.first))
	if !r.single() {
		s += "-" + strconv.Itoa(int(r.last))
	}
	if r.transport != "" {
		s += "/" + string(r.transport)
	}
	return s
}

func (r portRange) has(l rtevent.Listener) bool {
	return r.first <= l.Port && l.Port <= r.last && (r.transport == "" || r.transport == l.Transport)
}

// parsePorts reads port arguments, each a port, a range or a comma-separated list of both, with an optional transport.
func parsePorts(args []string) ([]portRange, error) {
	var ranges []portRange
	for _, arg := range args {
		for item := range strings.SplitSeq(arg, ",") {
			r, err := parseRange(strings.TrimSpace(item))
			if err != nil {
				return nil, err
			}
			ranges = append(ranges, r)
		}
	}
	return ranges, nil
}

func parseRange(item string) (portRange, error) {
	ports, transport, named := strings.Cut(item, "/")
	r := portRange{transport: rtevent.Transport(strings.ToLower(transport))}
	if named && r.transport != rtevent.TCP && r.transport != rtevent.UDP {
		return r, badInput("the transports are tcp and udp", "%q is no transport", transport)
	}
	first, last, ranged := strings.Cut(ports, "-")
	var err error
	if r.first, err = parsePort(first); err != nil {
		return r, err
	}
	if r.last = r.first; ranged {
		if r.last, err = parsePort(last); err != nil {
			return r, err
		}
	}
	if r.last < r.first {
		return r, badInput("write the lower port first", "%q is no range", item)
	}
	return r, nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, badInput("a port is a number from 1 to 65535: `rtevent 3706`, `rtevent 8000-9000`, `rtevent 53/udp`; "+
			"a name is looked up with `rtevent registry search`", "%q is no port", s)
	}
	return uint16(n), nil
}
