// This file counts how many claims stand at each level.

package iana

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"rtevent"
)

// Levels counts by level.
type Levels map[rtevent.Level]int

// Census is the registry in figures. A pair is a port on TCP or on UDP; a port stands at the best level of its two pairs.
type Census struct {
	AsOf    string  `json:"as_of"`
	Sources Sources `json:"sources"`

	Names    int `json:"names"`    // distinct names that have a port
	Portless int `json:"portless"` // distinct names that have none

	Ports     Levels `json:"ports"`     // all 65,536
	Pairs     Levels `json:"pairs"`     // all 131,072
	Contested int    `json:"contested"` // pairs that are standard or implemented and contested

	Transports map[rtevent.Transport]Levels `json:"transports"` // of SCTP and DCCP the registered ports only
	Ranges     []RangeCensus                `json:"ranges"`
	Years      []YearCensus                 `json:"years"` // by registration, the undated first
}

// RangeCensus counts the ports of one of the registry's three parts.
type RangeCensus struct {
	Name  string `json:"name"`
	First int    `json:"first"`
	Last  int    `json:"last"`
	Ports Levels `json:"ports"`
}

// YearCensus counts the registered ports of one year of registration.
type YearCensus struct {
	Year   string `json:"year,omitempty"` // absent for the undated
	Ports  int    `json:"ports"`
	Ghosts int    `json:"ghosts"`
}

// better are the levels, the best first.
var better = [...]rtevent.Level{rtevent.Standard, rtevent.Implemented, rtevent.Squatted, rtevent.Twin, rtevent.Quiet,
	rtevent.Ghost, rtevent.Practised, rtevent.Historical, rtevent.Reserved, rtevent.Unassigned, rtevent.Dynamic}

// Census grades every port.
func (r *Registry) Census() Census {
	c, _ := r.Life()
	return c
}

// PortLife is the best level of a port, and the name that its claim has there.
type PortLife struct {
	Level rtevent.Level
	Name  string // empty without a registration
}

// Life is the Census, and each of the ports that it counts, from 0 on.
func (r *Registry) Life() (Census, []PortLife) {
	c := Census{AsOf: r.AsOf(), Sources: r.Sources(), Ports: Levels{}, Pairs: Levels{},
		Transports: map[rtevent.Transport]Levels{},
		Ranges: []RangeCensus{{"system", 0, 1023, Levels{}}, {"user", 1024, dynamic - 1, Levels{}},
			{"dynamic", dynamic, 65535, Levels{}}}}
	for _, t := range transports {
		c.Transports[t] = Levels{}
	}
	c.Names, c.Portless = r.names()
	years := map[string]YearCensus{}
	known := r.mentioned()
	ports := make([]PortLife, 1<<16)
	for port := range 1 << 16 {
		level, name, year := c.count(r, uint16(port), known[port])
		ports[port] = PortLife{level, name}
		c.Ports[level]++
		for _, part := range c.Ranges {
			if part.First <= port && port <= part.Last {
				part.Ports[level]++
			}
		}
		if slices.Index(better[:], level) <= slices.Index(better[:], rtevent.Ghost) {
			y := years[year]
			y.Year = year
			y.Ports++
			if level == rtevent.Ghost {
				y.Ghosts++
			}
			years[year] = y
		}
	}
	c.Years = slices.SortedFunc(maps.Values(years), func(a, b YearCensus) int { return cmp.Compare(a.Year, b.Year) })
	return c, ports
}

// count adds one port on all transports, and returns its best level with the name there, and the year of its registration.
func (c *Census) count(r *Registry, port uint16, known bool) (best rtevent.Level, name, year string) {
	rank := len(better)
	for _, t := range transports {
		claim := rtevent.Claim{Level: rtevent.Unassigned}
		if known {
			claim = r.Claims(t, port)[0]
		} else if port >= dynamic {
			claim.Level = rtevent.Dynamic
		}
		if t != rtevent.TCP && t != rtevent.UDP {
			if claim.Name != "" {
				c.Transports[t][claim.Level]++
			}
			continue
		}
		c.Transports[t][claim.Level]++
		c.Pairs[claim.Level]++
		if claim.Contested {
			c.Contested++
		}
		if i := slices.Index(better[:], claim.Level); i < rank {
			rank, best, name = i, claim.Level, claim.Name
		}
		if year == "" {
			year, _, _ = strings.Cut(claim.Registered, "-")
		}
	}
	return best, name, year
}

// mentioned tells which ports stand in any of the tables; of all others nothing is known.
func (r *Registry) mentioned() *[1 << 16]bool {
	var known [1 << 16]bool
	for _, lines := range []string{r.table.ranges, r.table.rows, evidence, practice} {
		for line := range strings.Lines(lines) {
			first, last := parsePorts(firstCell(line))
			for port := first; first != NoPort && port <= last; port++ {
				known[port] = true
			}
		}
	}
	return &known
}

// names counts the distinct names with and without a port.
func (r *Registry) names() (ported, portless int) {
	with, without := map[string]bool{}, map[string]bool{}
	for row := range r.table.all() {
		switch {
		case row.Name == "" || row.State == Gone:
		case row.First == NoPort:
			without[row.Name] = true
		default:
			with[row.Name] = true
		}
	}
	for name := range with {
		delete(without, name)
	}
	return len(with), len(without)
}
