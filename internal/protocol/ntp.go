package protocol

import (
	"strings"

	"rtevent"
)

// ntp is asked for the time, with a mark of ours for the time of asking, which comes back (RFC 5905).
var ntp = Def{
	Name:  "ntp",
	Ports: []uint16{123},
	Programs: []Program{
		{"chronyd", "chrony"}, {"ntpd", ""}, {"ntpsec", "NTPsec"}, {"openntpd", "OpenNTPD"}, {"systemd-timesyncd", "systemd-timesyncd"},
	},
	Datagram: "\x23" + strings.Repeat("\x00", 39) + ntpMark,
	Read: func(reply string) (rtevent.Finding, bool) {
		const modeMask, server = 7, 4
		c := cursor{rest: reply}
		first, stratum := c.u8(), int(c.u8())
		c.take(2 + 4 + 4) // poll, precision; root delay and dispersion
		reference := c.take(4)
		c.take(8)
		mark := c.take(8)
		c.take(8 + 8)
		version := first >> 3 & 7
		if c.spent || c.rest != "" || first&modeMask != server || version < 1 || version > 4 || mark != ntpMark || stratum > 16 {
			return nothing()
		}
		f := strong("ntp", "the time, in answer to our mark", reply)
		reference = strings.TrimRight(reference, "\x00")
		kiss := stratum == 0 && allOf(reference, isPrint)
		f.Details = details("stratum", when(stratum > 0, dotted(stratum)), "refuses", when(kiss, reference),
			"source", when(stratum == 1 && allOf(reference, isPrint), reference))
		return f, true
	},
}

const ntpMark = "rtevent!"
