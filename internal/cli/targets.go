package cli

import (
	"net/netip"
	"strings"

	"rtevent"
	"rtevent/internal/probe"
	"rtevent/internal/sweep"
	"rtevent/internal/words"
)

// aim is a target as the user wrote it: a name that is still to be looked up, or addresses, and ports of them.
type aim struct {
	name   string
	block  netip.Prefix // where there is no name; of a single address, all of its bits
	zone   string
	ranges []portRange // nil: the usual ones
}

// largest is how many bits of a block's addresses may differ: sixteen million hosts are a mistake of the keyboard.
const largest = 24

const aimHint = "write a target as 192.0.2.1, 192.0.2.0/24:22,80, [2001:db8::1]:8000-9000, db.example.com:- (all ports) or localhost:53/udp"

// parseAim reads HOST[:PORTS]. An IPv6 address with ports stands in brackets.
func parseAim(s string) (aim, error) {
	host, ports, err := splitAim(s)
	if err != nil {
		return aim{}, err
	}
	a, err := parseHost(host)
	if err != nil || ports == "" {
		return a, err
	}
	for item := range strings.SplitSeq(ports, ",") {
		r, err := parseRange(openEnded(strings.TrimSpace(item)))
		if err != nil {
			return aim{}, badInput(aimHint, "%q: %v", brief(s), err)
		}
		a.ranges = append(a.ranges, r)
	}
	return a, nil
}

// splitAim takes host and ports apart.
func splitAim(s string) (host, ports string, err error) {
	if _, err := netip.ParseAddr(s); err == nil {
		return s, "", nil
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return s, "", nil
	}
	bad := badInput(aimHint, "%q is no target", brief(s))
	if inner, ok := strings.CutPrefix(s, "["); ok {
		address, rest, closed := strings.Cut(inner, "]")
		bits, ports, named := strings.Cut(rest, ":")
		if in, err := netip.ParseAddr(address); err != nil || !in.Is6() || !closed || named && ports == "" || bits != "" && bits[0] != '/' {
			return "", "", bad
		}
		return address + bits, ports, nil
	}
	host, ports, named := strings.Cut(s, ":")
	if host == "" || named && ports == "" || strings.Contains(ports, ":") {
		return "", "", bad
	}
	return host, ports, nil
}

func parseHost(s string) (aim, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return aimAt(a), nil
	}
	if block, err := netip.ParsePrefix(s); err == nil {
		if block.Addr().BitLen()-block.Bits() > largest {
			return aim{}, badInput("split it into smaller blocks", "%s is more than %d addresses", s, 1<<largest)
		}
		return aim{block: block.Masked()}, nil
	}
	if !isName(s) {
		return aim{}, badInput(aimHint, "%q is neither an address nor a name", brief(s))
	}
	return aim{name: s}, nil
}

func aimAt(a netip.Addr) aim {
	zone := a.Zone()
	a = a.Unmap().WithZone("")
	return aim{block: netip.PrefixFrom(a, a.BitLen()), zone: zone}
}

// isName tells whether a resolver may be asked for it. What ends in a number is a mistyped address (RFC 1123, section 2.1).
func isName(s string) bool {
	const longName = 253 // characters, RFC 1035
	odd := func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	}
	last := strings.TrimSuffix(s, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	return s != "" && len(s) <= longName && s[0] != '-' && !strings.ContainsFunc(s, odd) && words.Printable(s) == s &&
		strings.Trim(last, "0123456789") != ""
}

// openEnded completes "-", "-1024" and "60000-".
func openEnded(item string) string {
	ports, transport, named := strings.Cut(item, "/")
	if first, last, ranged := strings.Cut(ports, "-"); ranged {
		if first == "" {
			first = "1"
		}
		if last == "" {
			last = "65535"
		}
		ports = first + "-" + last
	}
	if named {
		return ports + "/" + transport
	}
	return ports
}

// brief cuts what somebody else may have written.
func brief(s string) string { return words.Fit(s, 80) }

// usualPorts are those of targets without any, and the transports of those that name none.
type usualPorts map[rtevent.Transport]sweep.Ports

func newUsualPorts(udp bool) usualPorts {
	usual := usualPorts{rtevent.TCP: probe.Usual(rtevent.TCP)}
	if udp {
		usual[rtevent.UDP] = probe.Usual(rtevent.UDP)
	}
	return usual
}

// at gives each transport its target at one address.
func (a aim) at(address netip.Addr, usual usualPorts) []sweep.Target {
	name := a.name
	if name == "" {
		name = address.String()
	}
	var targets []sweep.Target
	for _, t := range []rtevent.Transport{rtevent.TCP, rtevent.UDP} {
		target := sweep.Target{Name: name, Addr: address, Transport: t}
		if target.Ports, target.Named = a.ports(t, usual); len(target.Ports) > 0 {
			targets = append(targets, target)
		}
	}
	return targets
}

// ports are those of one transport, and of them those that the user wrote out for this very host.
func (a aim) ports(t rtevent.Transport, usual usualPorts) (all, named sweep.Ports) {
	if a.ranges == nil {
		return usual[t], nil
	}
	var ranges, singles []sweep.Range
	for _, r := range a.ranges {
		if r.transport != t && (r.transport != "" || usual[t] == nil) {
			continue
		}
		ports := sweep.Range{First: r.first, Last: r.last}
		ranges = append(ranges, ports)
		if r.single() && (a.name != "" || a.block.IsSingleIP()) {
			singles = append(singles, ports)
		}
	}
	return sweep.NewPorts(ranges...), sweep.NewPorts(singles...)
}
