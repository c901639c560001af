package protocol

import (
	"strings"

	"rtevent"
)

// dovecotAuth is how Dovecot authenticates for others, such as mail servers; it greets with its mechanisms.
var dovecotAuth = Def{
	Name:     "dovecot-auth",
	Programs: []Program{{"dovecot", "Dovecot"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		line, rest, ok := cutLine(reply)
		version, says := strings.CutPrefix(line, "VERSION\t")
		if !ok || !says || !strings.HasPrefix(version, "1\t") ||
			!strings.Contains(rest, "\nSPID\t") && !strings.HasPrefix(rest, "SPID\t") || !strings.Contains(rest, "\nCUID\t") {
			return nothing()
		}
		f := strong("dovecot-auth", "version, mechanisms and numbers of a conversation", reply)
		f.Product = "Dovecot"
		return f, true
	},
}
