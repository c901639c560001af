package protocol

import (
	"rtevent"
)

// snmp is asked for its engine, as every client of version 3 begins (RFC 3414, section 4): no name and no password goes
// out, and no alarm is raised, as a wrong community would. Who made the engine is a part of its identifier.
var snmp = Def{
	Name:     "snmp",
	Ports:    []uint16{161},
	Programs: []Program{{"snmpd", "net-snmp"}},
	Datagram: ber(berSequence, ber(berInteger, "\x03"),
		ber(berSequence, ber(berInteger, snmpID), ber(berInteger, "\x00\xff\xe3"), ber(berString, "\x04"), ber(berInteger, "\x03")),
		ber(berString, ber(berSequence, ber(berString), ber(berInteger, "\x00"), ber(berInteger, "\x00"),
			ber(berString), ber(berString), ber(berString))),
		ber(berSequence, ber(berString), ber(berString),
			ber(0xa0, ber(berInteger, snmpID), ber(berInteger, "\x00"), ber(berInteger, "\x00"), ber(berSequence)))),
	Read: readSNMP,
}

const snmpID = "rt"

func readSNMP(reply string) (rtevent.Finding, bool) {
	c := cursor{rest: reply}
	message := cursor{rest: c.berOf(berSequence)}
	version := berNumber(message.berOf(berInteger))
	global := cursor{rest: message.berOf(berSequence)}
	id := global.berOf(berInteger)
	security := cursor{rest: message.berOf(berString)}
	engine := cursor{rest: security.berOf(berSequence)}
	maker := engine.berOf(berString)
	if c.spent || c.rest != "" || message.spent || global.spent || engine.spent || version != 3 || id != snmpID || len(maker) < 5 {
		return nothing()
	}
	f := strong("snmp", "the engine of SNMPv3", reply)
	enterprise := cursor{rest: "\x00" + maker[1:]} // without the bit that says how the rest is to be read
	number := enterprise.big(4)
	if vendor := snmpMakers[number]; vendor == "net-snmp" {
		f.Product = vendor
	}
	f.Details = details("vendor", snmpMakers[number], "enterprise", dotted(number))
	return f, true
}

// snmpMakers are enterprises that are met often (the registry of private enterprise numbers).
var snmpMakers = map[int]string{
	9: "Cisco", 11: "Hewlett-Packard", 171: "D-Link", 311: "Microsoft", 318: "APC", 674: "Dell", 2011: "Huawei", 2636: "Juniper",
	3375: "F5", 4413: "Broadcom", 5624: "Enterasys", 6527: "Nokia", 6876: "VMware", 8072: "net-snmp", 12356: "Fortinet",
	14988: "MikroTik", 25461: "Palo Alto Networks", 30065: "Arista", 41112: "Ubiquiti",
}
