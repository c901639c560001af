package sweep

import (
	"cmp"
	"iter"
	"slices"
)

// Range is a run of ports, the ends included.
type Range struct{ First, Last uint16 }

// Ports are ranges in ascending order that do not touch: NewPorts.
type Ports []Range

// NewPorts puts ranges in order and joins those that overlap or touch.
func NewPorts(ranges ...Range) Ports {
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	var ports Ports
	for _, r := range ranges {
		if n := len(ports); n > 0 && int(r.First) <= int(ports[n-1].Last)+1 {
			ports[n-1].Last = max(ports[n-1].Last, r.Last)
			continue
		}
		ports = append(ports, r)
	}
	return ports
}

// All yields every port in ascending order.
func (p Ports) All() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for _, r := range p {
			for port := int(r.First); port <= int(r.Last); port++ {
				if !yield(uint16(port)) {
					return
				}
			}
		}
	}
}

// Has tells whether a port is among them.
func (p Ports) Has(port uint16) bool {
	return slices.ContainsFunc(p, func(r Range) bool { return r.First <= port && port <= r.Last })
}

// Len is how many there are.
func (p Ports) Len() int {
	n := 0
	for _, r := range p {
		n += int(r.Last) - int(r.First) + 1
	}
	return n
}
