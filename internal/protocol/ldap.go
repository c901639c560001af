package protocol

import (
	"strings"

	"rtevent"
)

// ldap is asked, unbound, for the entry in which every server tells what it is (the root DSE: RFC 4512, section 5.1), as
// all clients do before they bind. The bye is UnbindRequest.
var ldap = Def{
	Name:         "ldap",
	Claims:       []string{"msft-gc"},
	SecureClaims: []string{"ldaps", "msft-gc-ssl"},
	Ports:        []uint16{389, 3268},
	SecurePorts:  []uint16{636, 3269},
	Programs: []Program{
		{"slapd", "OpenLDAP"}, {"ns-slapd", "389 Directory Server"}, {"glauth", "GLAuth"}, {"lldap", "LLDAP"},
	},
	Hello:    ldapSearch,
	Datagram: ldapSearch, // CLDAP, which Active Directory speaks
	Bye:      ber(berSequence, ber(berInteger, "\x02"), "\x42\x00"),
	Manners:  "wwxxx",
	Only:     true,
	StartTLS: ldapStartTLS,
	Read:     readLDAP,
}

// ldapSearch is a SearchRequest for the base object "" with the filter (objectClass=*).
var ldapSearch = ber(berSequence, ber(berInteger, "\x01"),
	ber(0x63, ber(berString), ber(berEnum, "\x00"), ber(berEnum, "\x00"),
		ber(berInteger, "\x00"), ber(berInteger, "\x05"), "\x01\x01\x00", ber(0x87, "objectClass"),
		ber(berSequence, ber(berString, "objectClass"), ber(berString, "vendorName"), ber(berString, "vendorVersion"),
			ber(berString, "supportedLDAPVersion"), ber(berString, "supportedCapabilities"),
			ber(berString, "namingContexts"), ber(berString, "defaultNamingContext"), ber(berString, "dnsHostName"))))

func readLDAP(reply string) (rtevent.Finding, bool) {
	const entry, done, extended, noticeOfDisconnection = 0x64, 0x65, 0x78, "1.3.6.1.4.1.1466.20036"
	c := cursor{rest: reply}
	message := cursor{rest: c.berOf(berSequence)}
	id := berNumber(message.berOf(berInteger))
	op, body := message.ber()
	switch {
	case c.spent || message.spent:
		return nothing()
	case op == entry && id == 1:
		return ldapEntry(body, reply)
	case op == done && id == 1, op == extended && id == 0 && strings.Contains(body, noticeOfDisconnection):
		result := cursor{rest: body}
		code := berNumber(result.berOf(berEnum))
		result.berOf(berString) // the DN that matched
		says := result.berOf(berString)
		if result.spent {
			return nothing()
		}
		f := strong("ldap", "LDAP result", reply)
		const inappropriateAuthentication, insufficientAccess = 48, 50
		f.Details = details("message", says,
			"auth", when(code == inappropriateAuthentication || code == insufficientAccess, "required"))
		return f, true
	}
	return nothing()
}

// ldapEntry reads the SearchResultEntry of the root DSE.
func ldapEntry(body, reply string) (rtevent.Finding, bool) {
	c := cursor{rest: body}
	if dn := c.berOf(berString); c.spent || dn != "" {
		return nothing()
	}
	list := cursor{rest: c.berOf(berSequence)}
	dse := map[string][]string{}
	for list.more() {
		attribute := cursor{rest: list.berOf(berSequence)}
		name := strings.ToLower(attribute.berOf(berString))
		for values := (cursor{rest: attribute.berOf(berSet)}); values.more(); {
			dse[name] = append(dse[name], values.berOf(berString))
		}
	}
	if c.spent || list.spent {
		return nothing()
	}
	f := strong("ldap", "the root DSE", reply)
	f.Product, f.Version = ldapServer(dse)
	context := first(dse["defaultnamingcontext"])
	if context == "" {
		context = first(dse["namingcontexts"])
	}
	f.Details = details("context", context, "host", first(dse["dnshostname"]), "vendor", first(dse["vendorname"]))
	return f, true
}

// ldapServer names the program by its vendor, or by what only that program has.
func ldapServer(dse map[string][]string) (product, version string) {
	const activeDirectory, lightweight = "1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1851"
	vendor, says := first(dse["vendorname"]), first(dse["vendorversion"])
	for _, m := range ldapVendors {
		if strings.HasPrefix(vendor, m.words) {
			return m.product, ldapVersion(says)
		}
	}
	for _, capability := range dse["supportedcapabilities"] {
		switch capability {
		case activeDirectory:
			return "Active Directory", ""
		case lightweight:
			return "Active Directory Lightweight Directory Services", ""
		}
	}
	for _, class := range dse["objectclass"] {
		if class == "OpenLDAProotDSE" {
			return "OpenLDAP", ""
		}
	}
	return "", ""
}

var ldapVendors = []mark{
	{"389 Project", "389 Directory Server"},
	{"Apache Software Foundation", "ApacheDS"},
	{"Samba Team", "Samba"},
	{"ForgeRock", "ForgeRock Directory Services"},
	{"Open Identity Platform", "OpenDJ"},
	{"International Business Machines", "IBM Security Directory Server"},
	{"Novell", "eDirectory"},
	{"NetIQ", "eDirectory"},
	{"Oracle", "Oracle Directory Server"},
	{"Sun Microsystems", "Sun Directory Server"},
	{"LLDAP", "LLDAP"},
	{"Kanidm", "Kanidm"},
}

// ldapVersion is the first number with a dot in "389-Directory/2.3.1 B2023.055.0000", "lldap_0.5.0" or "2.0.0.AM26".
func ldapVersion(says string) string {
	for word := range strings.FieldsFuncSeq(says, func(r rune) bool { return strings.ContainsRune(" /_v(),", r) }) {
		if isDigit(word[0]) && strings.Contains(word, ".") {
			return text(word)
		}
	}
	return ""
}

// first is the first of some values; empty if there is none.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
