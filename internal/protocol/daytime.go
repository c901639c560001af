package protocol

import (
	"strings"
	"time"

	"rtevent"
)

// daytime says what time it is, in a form of its own choice (RFC 867). Known are those of the C library and of NIST.
var daytime = Def{
	Name:     "daytime",
	Ports:    []uint16{13},
	Greets:   true,
	Datagram: "\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, ok := oneLine(strings.TrimPrefix(reply, "\n"))
		if !ok {
			return nothing()
		}
		if t, err := time.Parse(time.ANSIC, line); err == nil && strings.HasPrefix(line, t.Format("Mon ")) && t.Year() > 1999 {
			return strong("daytime", "a date whose day of the week is right", line), true
		}
		fields := strings.Fields(line)
		if len(fields) < 3 || !strings.HasSuffix(line, " UTC(NIST) * ") || len(fields[0]) != 5 || !allOf(fields[0], isDigit) {
			return nothing()
		}
		if _, err := time.Parse("06-01-02 15:04:05", fields[1]+" "+fields[2]); err != nil {
			return nothing()
		}
		return strong("daytime", "the time of NIST", line), true
	},
}
