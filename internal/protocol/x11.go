package protocol

import (
	"rtevent"
)

// x11 is greeted as clients without a cookie do; it answers with its vendor and release, or with why not.
var x11 = Def{
	Name:  "x11",
	Ports: []uint16{6000, 6001, 6010},
	Programs: []Program{
		{"Xorg", "X.Org"}, {"Xvfb", "X.Org"}, {"Xwayland", "Xwayland"}, {"Xephyr", "X.Org"}, {"Xnest", "X.Org"}, {"X", "X.Org"},
		{"XWin", "X.Org"}, {"vcxsrv", "VcXsrv"}, {"XQuartz", "XQuartz"},
	},
	Hello:   "l\x00" + "\x0b\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00",
	Manners: "xwxxx",
	Only:    true,
	Read:    readX11,
}

func readX11(reply string) (rtevent.Finding, bool) {
	c := cursor{rest: reply}
	status, length := c.u8(), int(c.u8())
	major, minor := c.little(2), c.little(2)
	body := cursor{rest: c.take(4 * c.little(2))}
	if c.spent || major != 11 || minor != 0 {
		return nothing()
	}
	switch status {
	case 0: // failed
		reason := body.take(length)
		if body.spent || len(body.rest) > 3 || !allOf(reason, isReason) {
			return nothing()
		}
		f := strong("x11", "X11 refuses the connection", reply)
		f.Details = details("auth", "required", "message", reason)
		return f, true
	case 1:
		release := body.little(4)
		body.take(4 + 4 + 4)
		length := body.little(2)
		body.take(2 + 8 + 4)
		vendor := body.take(length)
		if body.spent || vendor == "" {
			return nothing()
		}
		f := strong("x11", "X11 setup accepted", reply)
		f.Product = text(vendor)
		if vendor == "The X.Org Foundation" {
			f.Product, f.Version = "X.Org", xorgVersion(release)
		}
		f.Details = details("auth", "none", "vendor", vendor)
		return f, true
	}
	return nothing()
}

func isReason(c byte) bool { return isPrint(c) || c == '\n' }

// xorgVersion reads 12013000 as 1.20.13, and 12101007 as 21.1.7: since 21 the leading 1 is not a part of it.
func xorgVersion(release int) string {
	major, minor, patch := release/100000%100, release/1000%100, release%1000
	switch {
	case release/10000000 != 1:
		return ""
	case major > 20:
		return dotted(major, minor, patch)
	case patch == 0:
		return dotted(1, major, minor)
	}
	return dotted(1, major, minor, patch)
}
