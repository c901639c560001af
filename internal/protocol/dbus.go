package protocol

import (
	"slices"
	"strings"

	"rtevent"
)

// dbus is asked which ways it has to be sure of us (D-Bus specification, "Authentication Protocol").
var dbus = Def{
	Name:     "dbus",
	Programs: []Program{{"dbus-daemon", "D-Bus"}, {"dbus-broker", "dbus-broker"}, {"gabriel", "Gabriel"}},
	Hello:    "\x00AUTH\r\n",
	Manners:  "xxxwx xxxww",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, ok := oneLine(reply)
		mechanisms, rejected := strings.CutPrefix(line, "REJECTED ")
		if !ok || !rejected || !strings.HasSuffix(reply, "\r\n") {
			return nothing()
		}
		for _, mechanism := range strings.Fields(mechanisms) {
			if !slices.Contains(dbusMechanisms, mechanism) {
				return nothing()
			}
		}
		f := strong("dbus", "REJECTED with mechanisms of D-Bus", reply)
		f.Details = details("auth", mechanisms)
		return f, true
	},
}

var dbusMechanisms = []string{"EXTERNAL", "DBUS_COOKIE_SHA1", "ANONYMOUS", "KERBEROS_V4", "SKEY"}
