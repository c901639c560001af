package protocol

import (
	"strings"

	"rtevent"
)

// domain is asked what administrators ask it: the TXT record version.bind of class CHAOS, in a complete query.
var domain = Def{
	Name:         "domain",
	SecureClaims: []string{"domain-s"},
	Ports:        []uint16{53},
	SecurePorts:  []uint16{853},
	Programs: []Program{
		{"named", "BIND"}, {"dnsmasq", "dnsmasq"}, {"unbound", "Unbound"}, {"nsd", "NSD"}, {"knotd", "Knot DNS"},
		{"kresd", "Knot Resolver"}, {"pdns_server", "PowerDNS"}, {"pdns_recursor", "PowerDNS Recursor"},
		{"coredns", "CoreDNS"}, {"systemd-resolved", "systemd-resolved"},
	},
	Hello:    "\x00\x1e" + domainQuery,
	Datagram: domainQuery,
	Manners:  "wwwax wwwaw",
	Read:     readDomain,
}

const (
	domainQuestion = "\x07version\x04bind\x00" + "\x00\x10" + "\x00\x03"
	domainQuery    = "rt" + "\x00\x00" + "\x00\x01\x00\x00\x00\x00\x00\x00" + domainQuestion
)

// readDomain reads a response to the query, with or without the length that stands before it over TCP.
func readDomain(reply string) (rtevent.Finding, bool) {
	response := reply
	if c := (cursor{rest: reply}); len(reply) > 4 && reply[2:4] == "rt" {
		if response = c.counted(2); c.spent || c.rest != "" {
			return nothing()
		}
	}
	c := cursor{rest: response}
	id, flags := c.take(2), c.big(2)
	questions, answers := c.big(2), c.big(2)
	c.take(4) // authority, additional
	const isResponse, opcode = 0x8000, 0x7800
	if c.spent || id != "rt" || flags&isResponse == 0 || flags&opcode != 0 {
		return nothing()
	}
	asked := questions == 1 && strings.EqualFold(c.take(len(domainQuestion)), domainQuestion) && !c.spent
	if !asked && (questions != 0 || c.rest != "") {
		return nothing()
	}
	f := strong("domain", "DNS response to its query: "+rcode(flags), reply)
	if asked && answers > 0 {
		if version := domainTXT(&c); version != "" {
			f.Product, f.Version = domainServer(version)
			f.Details = details("version_bind", version)
		}
	}
	return f, true
}

// domainTXT reads the first answer if it is a TXT record.
func domainTXT(c *cursor) string {
	for n := int(c.u8()); n != 0; n = int(c.u8()) { // its name
		if n >= 0xc0 {
			c.take(1) // a pointer ends it
			break
		}
		c.take(n)
	}
	kind := c.big(2)
	c.take(2 + 4) // class, time to live
	data := cursor{rest: c.counted(2)}
	txt := data.counted(1)
	if c.spent || data.spent || kind != 16 {
		return ""
	}
	return txt
}

// domainServer names the program by the ways in which programs fill version.bind. Only BIND says a bare number.
func domainServer(says string) (product, version string) {
	for _, m := range domainMarks {
		if rest, ok := strings.CutPrefix(says, m.words); ok && rest != "" && isDigit(rest[0]) {
			version, _, _ = strings.Cut(rest, " ")
			return m.product, text(version)
		}
	}
	if number, _, _ := strings.Cut(says, "-"); strings.HasPrefix(says, "9.") && isVersion(number) {
		return "BIND", text(number)
	}
	return "", ""
}

var domainMarks = []mark{
	{"dnsmasq-pi-hole-v", "dnsmasq"},
	{"dnsmasq-", "dnsmasq"},
	{"unbound ", "Unbound"},
	{"NSD ", "NSD"},
	{"Knot DNS ", "Knot DNS"},
	{"Knot Resolver ", "Knot Resolver"},
	{"PowerDNS Recursor ", "PowerDNS Recursor"},
	{"PowerDNS Authoritative Server ", "PowerDNS"},
	{"CoreDNS-", "CoreDNS"},
}

func rcode(flags int) string {
	if code := flags & 15; code < len(rcodes) {
		return rcodes[code]
	}
	return "error"
}

var rcodes = [...]string{"no error", "format error", "server failure", "no such name", "not implemented", "refused"}
