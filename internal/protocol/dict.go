package protocol

import (
	"strings"

	"rtevent"
)

// dict greets with capabilities and a message identifier in angle brackets (RFC 2229, section 3.1).
var dict = Def{
	Name:     "dict",
	Ports:    []uint16{2628},
	Programs: []Program{{"dictd", "dictd"}},
	Greets:   true,
	Bye:      "CLIENT rtevent\r\nQUIT\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		greeting, _, ok := cutCoded(reply)
		words, brackets, _ := strings.Cut(greeting.text, " <")
		capabilities, identifier, pair := strings.Cut(brackets, "> <")
		if !ok || greeting.code != "220" || !pair || strings.ContainsAny(capabilities, "@ ") ||
			!strings.Contains(identifier, "@") || !strings.HasSuffix(identifier, ">") {
			return nothing()
		}
		f := strong("dict", "capabilities and a message identifier", greeting.text)
		f.Product, f.Version = marked(words, []mark{{"dictd ", "dictd"}, {"dicod ", "GNU Dico"}, {"GNU dicod ", "GNU Dico"}})
		return f, true
	},
}
