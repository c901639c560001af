package protocol

import (
	"slices"
	"strings"

	"rtevent"
)

// firebird is connected to as by its own clients, up to where the server says how it wants to be sure of us; all is in
// XDR (RFC 4506). Firebird marks its own versions of the protocol, InterBase's are plain.
var firebird = Def{
	Name:   "gds-db",
	Claims: []string{"gds_db"},
	Ports:  []uint16{3050},
	Programs: []Program{
		{"firebird", "Firebird"}, {"fbserver", "Firebird"}, {"fb_inet_server", "Firebird"}, {"ibserver", "InterBase"},
	},
	Hello: "\x00\x00\x00\x01\x00\x00\x00\x13\x00\x00\x00\x03\x00\x00\x00\x24" + // connect, to attach; version, machine
		xdrString("rtevent") + "\x00\x00\x00\x04" + xdrString(firebirdClient) +
		"\x00\x00\x00\x0a" + firebirdTypes + "\x02" + "\xff\xff\x80\x0b" + firebirdTypes + "\x04" +
		"\xff\xff\x80\x0c" + firebirdTypes + "\x06" + "\xff\xff\x80\x0d" + firebirdTypes + "\x08",
	Bye: "\x00\x00\x00\x06", // disconnect
	Read: func(reply string) (rtevent.Finding, bool) {
		const accept, response, acceptData, condAccept = 3, 9, 94, 98
		c := cursor{rest: reply}
		kind := c.big(4)
		switch kind {
		case accept, acceptData, condAccept:
			version, architecture, way := c.big(4), c.big(4), c.big(4)
			plugin := ""
			if kind != accept {
				c.xdrString()
				plugin = c.xdrString()
				c.big(4) // authenticated
				c.xdrString()
			}
			own := version>>16 == 0xffff && version&0xff00 == 0x8000
			if c.spent || c.more() || architecture != 1 || way > 5 || !own && version != 10 ||
				kind != accept && !slices.Contains(firebirdPlugins, plugin) {
				return nothing()
			}
			f := strong("gds-db", "accepts a version of the protocol", reply)
			f.Product = when(own, "Firebird")
			f.Details = details("protocol", dotted(version&0xff), "auth", plugin)
			return f, true
		case response:
			handle, object, data := c.big(4), c.take(8), c.xdrString()
			status, code, ended := c.big(4), c.big(4), strings.HasSuffix(c.rest, "\x00\x00\x00\x00")
			empty := handle == 0 && strings.Trim(object, "\x00")+data == ""
			if c.spent || !empty || status != 1 || code>>24 != 0x14 || !ended {
				return nothing()
			}
			return strong("gds-db", "response with a status of InterBase and its kin", reply), true
		}
		return nothing()
	},
}

const (
	// firebirdTypes are what follows a version: any architecture, types from 0 to 5, and all but the last byte of how dear
	// it is to us.
	firebirdTypes = "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00"

	// firebirdClient says who we are: login, the way we prefer and the ways we know to prove it, encryption if wanted,
	// user, host, and that nothing of this is verified.
	firebirdClient = "\x09\x07RTEVENT" + "\x08\x0bLegacy_Auth" + "\x0a\x16Srp256,Srp,Legacy_Auth" + "\x0b\x04\x01\x00\x00\x00" +
		"\x01\x07rtevent" + "\x04\x07rtevent" + "\x06\x00"
)

var firebirdPlugins = []string{"Srp", "Srp224", "Srp256", "Srp384", "Srp512", "Legacy_Auth", "Win_Sspi", ""}

// xdrString writes a string after its length, filled up to a multiple of four bytes.
func xdrString(s string) string {
	return "\x00\x00\x00" + string([]byte{byte(len(s))}) + s + strings.Repeat("\x00", -len(s)&3)
}

// xdrString reads such a string.
func (c *cursor) xdrString() string {
	s := c.counted(4)
	c.take(-len(s) & 3)
	return s
}
