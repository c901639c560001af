// Ways: what there is to ask an endpoint, and in which order.

package identify

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"rtevent/internal/datagram"
	"rtevent/internal/protocol"
)

// help is the line that is said to whoever may know lines: the one word on which no protocol of lines does anything.
const help = "HELP\r\n"

// way is one way to ask: one connection, on which one protocol is spoken at most.
type way struct {
	name    string                   // as Tried and Evidence show it: "wait", "redis", "tls http"
	network string                   // "tcp", "udp" or datagram.AnyPort
	def     *protocol.Def            // in whose words to speak; nil: in nobody's
	say     string                   // what to say where def is nil; "": say nothing
	greet   func(pace) time.Duration // how long to wait for a greeting before speaking; nil: speak at once
	answer  func(pace) time.Duration // how long the first answer may take
	lead    func(pace) time.Duration // how long it is asked alone before the next way joins it
	secure  bool                     // inside TLS
	open    bool                     // the handshake may settle on other words than those of def
	offer   []string                 // the protocols to offer in the TLS handshake
	alone   bool                     // nothing else is to be under way
	further *protocol.Question       // what to say instead of the hello of def, which has been answered; nil for most
}

// wait listens. Whoever greets is answered in its own words.
func wait() way {
	return way{name: "wait", network: "tcp", greet: pace.vigil, answer: pace.patience, lead: pace.moment}
}

// hello speaks in the words of d.
func hello(d *protocol.Def) way {
	w := way{name: d.Name, network: "tcp", def: d, answer: pace.patience, lead: pace.moment}
	if d.Name == "http" {
		w.answer = pace.linger // it is the first in the queue of a server that serves one at a time
	}
	if d.Greets {
		w.greet = pace.patience
	}
	return w
}

// line says one line.
func line() way {
	return way{name: "line", network: "tcp", say: help, answer: pace.linger, lead: pace.moment}
}

// handshake begins TLS and asks inside: in the words that the handshake agrees on, else in those of d (nil: of HTTP).
func handshake(d *protocol.Def) way {
	w := way{name: "tls", network: "tcp", def: d, greet: pace.moment, answer: pace.patience, lead: pace.moment}
	w.secure, w.open, w.offer = true, true, offers
	return w
}

// http2 shakes hands with those who speak HTTP/2 and nothing else, as servers of gRPC do.
var http2 = func() way {
	w := handshake(nil)
	w.name, w.offer = "tls h2", onlyHTTP2
	return w
}()

// alone is HTTP once more, to a peer that may have broken off because it was busy with another of our connections.
func alone() way {
	w := hello(protocol.Lookup("http"))
	w.name, w.alone, w.lead = "http alone", true, pace.patience
	return w
}

// further asks one more thing of a server that speaks d.
func further(d *protocol.Def, question protocol.Question) way {
	w := hello(d)
	w.name, w.further = d.Name+" "+question.Name, &question
	return w
}

// question says the one datagram of d.
func question(d *protocol.Def) way {
	w := way{name: d.Name, network: "udp", def: d, answer: pace.patience, lead: pace.moment}
	if d.Roams {
		w.network = datagram.AnyPort
	}
	return w
}

// inside is the same way inside TLS.
func (w way) inside() way {
	w.name, w.secure, w.offer = "tls "+w.name, true, offers
	return w
}

// first is the same way with a head start and all the time there is: somebody points to it.
func (w way) first() way {
	w.lead, w.answer = pace.lead, pace.total
	return w
}

// plan orders the ways for a TCP port of which nothing has been heard: first where the owner points, then those by which
// most give themselves away.
func plan(hints []hint) []way {
	var ways []way
	owned := len(hints) > 0 && hints[0].owner
	straight := owned || len(hints) > 0 && (hints[0].secure || hints[0].def.Greets)
	if !straight {
		ways = append(ways, wait())
	}
	for _, h := range hints {
		ways = append(ways, h.asked())
	}
	if owned && !hints[0].plain {
		ways = append(ways, handshake(hints[0].def).first())
	}
	ways = append(ways, hellos(protocol.Lookup("http"))...)
	ways = append(ways, handshake(nil), line())
	ways = append(ways, hellos(only(patient)...)...)
	return distinct(append(ways, wait()))
}

// planInside orders the ways for what is inside TLS, where the handshake has asked once already. Who greets has been
// waited for.
func planInside(hints []hint) []way {
	var ways []way
	for _, h := range hints {
		if !h.def.Greets {
			ways = append(ways, hello(h.def))
		}
	}
	ways = append(ways, hellos(protocol.Lookup("http"))...)
	ways = append(ways, line())
	ways = append(ways, hellos(only(patient)...)...)
	for i := range ways {
		ways[i] = ways[i].inside()
	}
	return distinct(ways)
}

func hellos(defs ...*protocol.Def) []way {
	var ways []way
	for _, d := range defs {
		if d != nil {
			ways = append(ways, hello(d))
		}
	}
	return ways
}

// patient tells a protocol whose hello begins with its own length in 16 or 32 bits. A server that reads such lengths takes
// any text for the beginning of a long message and waits in silence for the rest: only its own hello wakes it.
func patient(d *protocol.Def) bool {
	hello := []byte(d.Hello)
	return len(hello) > 2 && int(binary.BigEndian.Uint16(hello)) == len(hello)-2 ||
		len(hello) > 4 && int(binary.BigEndian.Uint32(hello)) == len(hello)-4
}

// patient tells a way that speaks in the words of such a protocol.
func (w way) patient() bool { return w.def != nil && patient(w.def) }

// earned are the protocols whose hello a peer has earned by showing that it reads what it is sent: first those whose
// servers treat strangers as it does, last those whose servers do not. Among these, if it understood text, those of text
// come first; otherwise those that are none, since whoever knows text would have said something.
func earned(texts bool, seen protocol.Manner) []*protocol.Def {
	said := map[string]bool{"": true} // by several protocols, some of them
	all := only(func(d *protocol.Def) bool {
		again := said[d.Hello]
		said[d.Hello] = true
		return !again && !d.Shy
	})
	slices.SortStableFunc(all, func(a, b *protocol.Def) int {
		return cmp.Or(b.Likeness(seen)-a.Likeness(seen), compare(isText(a) != texts, isText(b) != texts), compare(patient(a), patient(b)))
	})
	return all
}

func isText(d *protocol.Def) bool {
	return !strings.ContainsFunc(d.Hello, func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' || r > '~' })
}

func only(want func(*protocol.Def) bool) []*protocol.Def {
	return slices.DeleteFunc(slices.Clone(protocol.All), func(d *protocol.Def) bool { return !want(d) })
}

// distinct keeps the first way of each name.
func distinct(ways []way) []way {
	seen := map[string]bool{}
	return slices.DeleteFunc(ways, func(w way) bool {
		again := seen[w.name]
		seen[w.name] = true
		return again
	})
}

// named tells the way of a name.
func named(name string) func(way) bool {
	return func(w way) bool { return w.name == name }
}
