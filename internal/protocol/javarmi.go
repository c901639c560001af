package protocol

import (
	"rtevent"
)

// javaRMI is greeted as for a stream of calls; it answers with where it sees us.
var javaRMI = Def{
	Name:     "java-rmi",
	Claims:   []string{"rmiregistry", "rmiactivation"},
	Ports:    []uint16{1099, 1098},
	Programs: []Program{{"rmiregistry", "OpenJDK"}, {"rmid", "OpenJDK"}},
	Hello:    "JRMI\x00\x02K",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		const acknowledged = 'N'
		c := cursor{rest: reply}
		ack, host, port := c.u8(), c.counted(2), c.big(4)
		if c.spent || c.rest != "" || ack != acknowledged || !allOf(host, isHost) || port == 0 || port > 0xffff {
			return nothing()
		}
		return strong("java-rmi", "JRMP acknowledged", reply), true
	},
}

// isHost tells the characters of host names and addresses.
func isHost(c byte) bool {
	return isAlpha(c) || isDigit(c) || c == '.' || c == ':' || c == '-' || c == '_' || c == '%'
}
