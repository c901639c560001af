package judge

import (
	"path"
	"strings"
	"unicode"

	"rtevent"
	"rtevent/internal/protocol"
)

// generic are the protocols that so many programs speak that speaking them says nothing about which program it is: on
// port 3000, practised by Grafana, any other web server is not "as practised".
var generic = map[string]bool{"http": true, "http-proxy": true, "grpc": true, "tls": true}

// practised tells whether a practice row names what was found: the same protocol, and for generic protocols the same
// software as well. A row whose protocol has no name of ours needs the software.
func practised(c Case) bool {
	names := softwareNames(c.Listener)
	for _, p := range c.Practice {
		if p.Speaks != "" && !protocol.Means(p.Speaks, c.Listener.Finding) {
			continue
		}
		if p.Speaks != "" && !generic[p.Speaks] || names.in(p.Software) {
			return true
		}
	}
	return false
}

// nameSet holds names of software in their plain form.
type nameSet map[string]bool

// softwareNames collects what the finding and the owners call themselves.
func softwareNames(l rtevent.Listener) nameSet {
	s := nameSet{}
	if l.Finding != nil {
		s.add(l.Finding.Product)
	}
	for _, o := range l.Holders {
		s.add(path.Base(o.Exe))
		if o.Package != nil {
			s.add(o.Package.Name)
		}
		if p := o.Program; p != nil {
			s.add(path.Base(p.Name))
			s.add(path.Base(p.Project))
			if p.Package != nil {
				s.add(p.Package.Name)
			}
		}
	}
	return s
}

func (s nameSet) add(name string) {
	if p := plain(name); len(p) > 1 {
		s[p] = true
	}
}

// in tells whether a list of software ("Grafana, Node.js dev servers (Express)") has one of the names: as a whole item,
// or as an item's first word, which is how practice rows write "Prometheus server".
func (s nameSet) in(list string) bool {
	items := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(",;/()", r) })
	for _, item := range items {
		first, _, _ := strings.Cut(strings.TrimSpace(item), " ")
		if s[plain(item)] || s[plain(first)] {
			return true
		}
	}
	return false
}

// plain reduces a name to its letters and digits, without what packagers hang on: "Node.js" and "nodejs" are one,
// "redis-server" and "Redis" are another.
func plain(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, tail := range []string{"-server", "-daemon", " server", ".js"} {
		name = strings.TrimSuffix(name, tail)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name)
}
