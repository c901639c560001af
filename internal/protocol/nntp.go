package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// nntp greets with 200 or 201 (RFC 3977, section 5.1). Its capabilities settle it, and may tell the implementation.
var nntp = Def{
	Name:         "nntp",
	SecureClaims: []string{"nntps"},
	Ports:        []uint16{119},
	SecurePorts:  []uint16{563},
	Programs:     []Program{{"leafnode", "Leafnode"}, {"innd", "INN"}, {"nnrpd", "INN"}, {"dnews", "DNews"}},
	Greets:       true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, hasLine)
		if greeting, rest, ok := cutCoded(heard); !ok || rest != "" || greeting.code != "200" && greeting.code != "201" {
			return heard
		}
		return ask(rw, heard, "CAPABILITIES\r\n", func(answer string) bool {
			return strings.HasSuffix(answer, "\r\n.\r\n") || hasLine(answer) && !strings.HasPrefix(answer, "101")
		})
	},
	Bye: "QUIT\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		greeting, rest, ok := cutCoded(reply)
		if !ok || greeting.code != "200" && greeting.code != "201" || greeting.more != "" {
			return nothing()
		}
		capabilities, listed := strings.CutPrefix(rest, "101 ")
		says := hasWord(greeting.text, "NNTP") || hasWord(greeting.text, "NNRP")
		if !says && (!listed || !strings.Contains(capabilities, "\nVERSION 2")) {
			return nothing()
		}
		f := strong("nntp", "greeting of a news server", reply)
		if !says {
			f = strong("nntp", "200 greeting, and capabilities of news", reply)
		}
		f.Product, f.Version = marked(greeting.text, nntpMarks)
		if _, name, ok := strings.Cut(capabilities, "\nIMPLEMENTATION "); ok && f.Product == "" {
			if line, _, ended := cutLine(name); ended {
				f.Product, f.Version = nameVersion(text(line), " /-")
			}
		}
		return f, true
	},
}

var nntpMarks = []mark{
	{"Leafnode NNTP Daemon, version ", "Leafnode"},
	{"Leafnode NNTP daemon, version ", "Leafnode"},
	{"InterNetNews NNRP server INN ", "INN"},
	{"InterNetNews server INN ", "INN"},
	{"Cyrus NNTP v", "Cyrus NNTP"},
	{"Cyrus NNTP ", "Cyrus NNTP"},
	{"Microsoft Exchange Internet News Service", "Microsoft Exchange"},
	{"NNTP Service ", "Microsoft NNTP Service"},
}
