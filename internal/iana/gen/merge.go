// This file lays the names of 2026 over the rows of 2015.

package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"rtevent/internal/iana"
)

// both are the ports that got a second name since 2015 and kept the first. The 2026 copy knows the last name only, so
// elsewhere a name that it does not know counts as replaced.
var both = map[string]string{
	"465/tcp": "urd", // beside submissions (RFC 8314)
	"631/tcp": "ipp", // beside ipps (RFC 7472)
}

// transports are the names of a Row's letters.
var transports = map[rune]string{'t': "tcp", 'u': "udp", 's': "sctp", 'd': "dccp"}

// merge gives the rows of 2015 their state and adds what is new.
func merge(older []iana.Row, newer map[string]named) []iana.Row {
	names := map[string][]string{} // of every key, as of 2015
	each(older, func(key string, r iana.Row) { names[key] = append(names[key], r.Name) })
	var rows []iana.Row
	each(older, func(key string, r iana.Row) {
		now, known := newer[key]
		switch {
		case !known: // a range, or no transport, or no port: only 2015 tells
		case r.Name == now.name && r.Name != "":
			r.Description = now.description
		case r.Name == "" && (now.name != "" || r.Description != now.description && r.Notes == ""):
			return // was reserved
		case r.Name != "" && !slices.Contains(names[key], now.name) && both[key] != r.Name:
			r.State = iana.Gone
		}
		rows = append(rows, r)
	})
	for _, key := range slices.Sorted(maps.Keys(newer)) {
		now := newer[key]
		if slices.Contains(names[key], now.name) || now.name == "" && strings.EqualFold(now.description, "unassigned") {
			continue
		}
		if r, ok := added(key, now); ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// added is the row of something new.
func added(key string, now named) (iana.Row, bool) {
	number, transport, _ := strings.Cut(key, "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil || transport == "" {
		return iana.Row{}, false
	}
	r := iana.Row{First: int(port), Last: int(port), Transports: transport[:1], Name: now.name, Description: now.description}
	if r.Name != "" {
		r.State = iana.New
	}
	return r, true
}

// each visits every row once for each of its transports, with the key of the 2026 copy.
func each(rows []iana.Row, visit func(key string, r iana.Row)) {
	for _, r := range rows {
		if r.First == iana.NoPort || r.First != r.Last {
			visit("", r)
			continue
		}
		for _, letter := range r.Transports {
			one := r
			one.Transports = string(letter)
			visit(strconv.Itoa(r.First)+"/"+transports[letter], one)
		}
	}
}
