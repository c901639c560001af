// Hints: who may be there, before anything is asked. A hint orders the questions; it never decides.

package identify

import (
	"slices"
	"strings"

	"rtevent"
	"rtevent/internal/protocol"
)

// hint is a protocol that the owner or the port points to.
type hint struct {
	def    *protocol.Def
	score  int
	owner  bool // who holds the socket points to it; otherwise only the port does
	secure bool // TLS from the first byte is usual on this port
	sole   bool // the owner's name leaves no doubt how to ask
	plain  bool // nor that TLS is nothing that it waits for
}

// The weights of what points to a protocol. An executable is hard to mistake; a container is named by whoever starts
// it; the port only orders what the owner leaves open.
const (
	byExecutable = 60
	byProgram    = 50
	byName       = 40
	byPackage    = 30
	byUnit       = 20
	byContainer  = 10
	byPort       = 5
)

// mostHints keeps hints a minority of the ways.
const mostHints = 2

// hintsFor ranks the protocols that a listener's holders and port point to, the best first, the owner's before the
// port's.
func hintsFor(l rtevent.Listener) []hint {
	var hints []hint
	for _, d := range protocol.All {
		if !speaks(d, l.Transport) {
			continue
		}
		h := hint{def: d, secure: slices.Contains(d.SecurePorts, l.Port)}
		for _, o := range l.Holders {
			h.score = max(h.score, points(o, d))
		}
		h.owner = h.score > 0
		if h.secure || slices.Contains(d.Ports, l.Port) {
			h.score += byPort
		}
		if h.score > 0 {
			hints = append(hints, h)
		}
	}
	slices.SortStableFunc(hints, func(a, b hint) int { return b.score - a.score })
	if len(hints) > 0 {
		hints[0].sole = sole(hints)
		hints[0].plain = hints[0].sole && !slices.ContainsFunc(hints, func(h hint) bool { return h.def.Secures() })
	}
	return hints[:min(len(hints), mostHints)]
}

// sole tells whether the owner is a program that is asked in one way only, whatever it speaks.
func sole(hints []hint) bool {
	return hints[0].score >= byName && !slices.ContainsFunc(hints, func(h hint) bool {
		return h.owner && h.way().name != hints[0].way().name
	}) && hints[0].owner
}

// speaks tells whether there is anything to say to d over a transport, or to wait for.
func speaks(d *protocol.Def, over rtevent.Transport) bool {
	if over == rtevent.UDP {
		return d.Datagram != ""
	}
	return d.Hello != "" || d.Greets
}

// way is how to ask for what the hint points to.
func (h hint) way() way {
	switch {
	case h.secure:
		return handshake(h.def)
	case h.def.Greets:
		return wait()
	default:
		return hello(h.def)
	}
}

// asked is how it is asked first: alone for a while, and with all the time there is. Whoever leaves no doubt and is slow is
// busy; it would log others' words as the broken ones of its own clients.
func (h hint) asked() way {
	w := h.way().first()
	if h.sole || h.owner && h.def.Greets {
		w.lead = pace.courtesy
	}
	return w
}

// expectant tells whether somebody is to be expected who deserves more time: one whom the owner points to, or one who
// greets, which may take a while.
func expectant(hints []hint) bool {
	return slices.ContainsFunc(hints, func(h hint) bool { return h.owner || h.def.Greets })
}

// points weighs how strongly a holder points to a protocol; 0 is not at all.
func points(o rtevent.Owner, d *protocol.Def) int {
	if GoesBetween(o) {
		return 0
	}
	for _, clue := range clues(o) {
		if names(d, clue.name, clue.weight < byName) {
			return clue.weight
		}
	}
	return 0
}

type clue struct {
	name   string
	weight int
}

// clues are the names that a holder goes by, the hardest to mistake first.
func clues(o rtevent.Owner) []clue {
	all := []clue{{base(o.Exe), byExecutable}}
	if p := o.Program; p != nil {
		if p.Kind != "go" && (p.Name != "" || p.Path != "") {
			all = nil // the executable only runs it
		}
		all = append(all, clue{base(p.Name), byProgram}, clue{base(p.Path), byProgram})
	}
	all = append(all, clue{o.Name, byName})
	if len(o.Cmdline) > 0 {
		title, _, _ := strings.Cut(o.Cmdline[0], ": ") // "nginx: master process"
		all = append(all, clue{base(title), byName})
	}
	if p := o.Package; p != nil {
		all = append(all, clue{p.Name, byPackage})
	}
	unit, _, _ := strings.Cut(strings.TrimSuffix(o.Unit, ".service"), "@") // "postgresql@15-main.service"
	all = append(all, clue{unit, byUnit})
	if c := o.Container; c != nil {
		all = append(all, clue{c.Name, byContainer})
	}
	return all
}

// base is the last part of a path of any system; empty for none.
func base(p string) string { return p[strings.LastIndexAny(p, `/\`)+1:] }

// names tells whether a name is one of the protocol's programs; a package, a unit or a container may also be called like the
// protocol itself.
func names(d *protocol.Def, name string, loosely bool) bool {
	_, known := d.Program(name)
	return known || loosely && strings.TrimRight(strings.ToLower(name), "0123456789.-") == d.Name
}

// goBetweens hold a socket for somebody else: they tell nothing of what answers.
var goBetweens = []string{
	"haproxy", "envoy", "traefik", "stunnel", "stunnel4", "sslh", "hitch", "ghostunnel", // proxies
	"inetd", "xinetd", "systemd", "tcpserver", "s6-tcpserver", "launchd", // who start others
	"socat", "nc", "ncat", "ssh", "autossh", "rinetd", "redir", "kubectl", "cloudflared", "frpc", "frps", // tunnels
	"docker-proxy", "rootlessport", "slirp4netns", "pasta", "gvproxy", "com.docker.backend", "wslrelay", // of containers
}

// GoesBetween tells a holder that only passes on what it takes: it tells nothing of what answers.
func GoesBetween(o rtevent.Owner) bool {
	if o.ForwardsTo != "" || o.Activates != "" {
		return true
	}
	exe := strings.TrimSuffix(strings.ToLower(base(o.Exe)), ".exe")
	return slices.Contains(goBetweens, exe) || slices.Contains(goBetweens, o.Name)
}
