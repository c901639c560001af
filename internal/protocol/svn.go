package protocol

import (
	"strings"

	"rtevent"
)

// svn greets with the versions of its protocol that it knows, and its capabilities.
var svn = Def{
	Name:     "svn",
	Ports:    []uint16{3690},
	Programs: []Program{{"svnserve", "Subversion"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		versions, says := strings.CutPrefix(reply, "( success ( ")
		low, rest, _ := strings.Cut(versions, " ")
		high, rest, ok := strings.Cut(rest, " ")
		if !says || !ok || !allOf(low, isDigit) || !allOf(high, isDigit) || !strings.HasPrefix(rest, "( ") {
			return nothing()
		}
		f := strong("svn", "success, and the versions of the protocol", reply)
		f.Product = "Subversion"
		f.Details = details("protocol_version", high)
		return f, true
	},
}
