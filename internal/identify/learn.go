// Learning: what one way brought decides which go next.

package identify

import (
	"slices"

	"rtevent"
	"rtevent/internal/protocol"
)

// learn draws the consequences of one exchange.
func (q *inquiry) learn(x exchange) {
	switch {
	case x.end == left, q.secured && !x.way.secure:
		// not heard to the end, or overtaken by the handshake
	case x.end == unopened:
		q.queue, q.parses = nil, false // it takes no more
	case x.echoes():
		q.settled = true
	case x.tls != nil && x.tls.ALPN == "h2":
		q.settled = true // that names it, and HTTP/2 is all that it speaks
	case len(x.read) > 0:
		q.learnName(x)
	case x.heard != "":
		q.learnAnswer(x)
	case x.tls != nil && x.why != "":
		q.settled = true // nobody without a certificate of its own gets further
	case x.end == closed || x.end == reset:
		q.learnClosing(x)
	}
}

// learnName goes on from what readers recognised: whoever can be asked in its own words is, unless that could not
// better the finding.
func (q *inquiry) learnName(x exchange) {
	f := x.read[0]
	d := protocol.Lookup(f.Protocol)
	own, further := q.ownWords(d, x)
	switch {
	case f.Protocol == "tls":
		q.learnTLS(x)
	case x.scolds() && !q.asked["tls"]:
		q.queue = []way{handshake(nil)}
	case complete(f):
		q.settled = true
	case f.Confidence == rtevent.Weak:
		q.queue = append(q.allOwnWords(x), q.queue...)
	case d != nil && d.Greets && !x.greeted && q.waiting():
		q.known, q.awaits, q.queue = true, true, nil // its greeting is on the way to us
	case further:
		q.known, q.queue = true, []way{own}
	default:
		q.settled = true
	}
}

// allOwnWords are the ways to ask in the words of all whom weak readings name.
func (q *inquiry) allOwnWords(x exchange) []way {
	var ways []way
	for _, f := range x.read {
		if w, ok := q.ownWords(protocol.Lookup(f.Protocol), x); ok {
			ways = append(ways, w)
		}
	}
	return ways
}

// ownWords is the way to ask in the words of d, if that is possible and has not been done.
func (q *inquiry) ownWords(d *protocol.Def, x exchange) (way, bool) {
	if d == nil || d == x.words || !d.Greets && x.way.words(d) == "" {
		return way{}, false
	}
	w := hello(d).first()
	if x.way.network == "udp" {
		w = datagram(d)
	}
	if q.secured {
		w = w.inside()
	}
	return w, !q.asked[w.name]
}

// learnTLS goes on from an answer in TLS: with a handshake, or with another if that was one.
func (q *inquiry) learnTLS(x exchange) {
	const otherProtocol = "no application protocol" // RFC 7301, section 3.2
	switch {
	case !x.way.secure && !q.asked["tls"]:
		q.queue = []way{handshake(q.inner())}
	case x.why == otherProtocol && !q.asked[http2.name]:
		q.queue = []way{http2}
	default:
		q.settled = true
	}
}

// inner is the protocol that the hints expect inside TLS; nil if there are none.
func (q *inquiry) inner() *protocol.Def {
	if len(q.hints) == 0 {
		return nil
	}
	return q.hints[0].def
}

// learnAnswer goes on from an answer that nobody knows.
func (q *inquiry) learnAnswer(x exchange) {
	switch {
	case x.end == full || x.end == talking:
		q.settled = true // it streams: there is nobody to talk to
	case x.greeted:
		q.onlyHinted()
	case q.sameAnswer():
		q.onlyHinted()
	default:
		q.parses, q.texts = true, true
		q.drop(func(w way) bool { return w.name == "tls" || w.patient() })
	}
}

// onlyHinted leaves those ways to which the owner or the port points: to more the peer has given no reason.
func (q *inquiry) onlyHinted() {
	q.parses = false
	q.drop(func(w way) bool {
		return w.secure && !q.secured || !slices.ContainsFunc(q.hints, func(h hint) bool { return h.def == w.def })
	})
}

// learnClosing goes on from a peer that ended the connection without a word. If it did so before anything was said, one
// way more makes sure; if it did so on what was said, it reads what it is sent. Inside TLS it may insist on HTTP/2.
func (q *inquiry) learnClosing(x exchange) {
	if x.sent != "" {
		q.parses = !q.closesAtOnce()
		q.drop(way.patient) // it is not
	} else {
		q.parses = false
		sure := slices.ContainsFunc(q.done, func(other exchange) bool { return other.sent != "" })
		if sure {
			q.queue = nil
		}
		q.queue = q.queue[:min(len(q.queue), 1)]
	}
	if x.tls != nil && x.tls.ALPN == "" && !q.asked[http2.name] {
		q.queue = append([]way{http2}, q.queue...)
	}
}

// enter goes on inside TLS: what was asked outside is left alone.
func (q *inquiry) enter(w way) {
	if q.secured {
		return
	}
	q.secured = true
	q.parses = false
	q.stop(func(w way) bool { return !w.secure })
	q.queue = nil
	if w.def != nil {
		q.queue = planInside(q.hints)
	}
	q.asked[w.name] = true
	q.free = false
	q.next.Reset(q.pace.lead())
}

// waiting tells whether a greeting is being waited for.
func (q *inquiry) waiting() bool {
	for _, r := range q.running {
		if r.way.name == "wait" {
			return true
		}
	}
	return false
}

// drop takes ways out of the queue that have become pointless.
func (q *inquiry) drop(pointless func(way) bool) {
	q.queue = slices.DeleteFunc(q.queue, pointless)
}

// stop ends those ways under way that have become pointless.
func (q *inquiry) stop(pointless func(way) bool) {
	for _, r := range q.running {
		if pointless(r.way) {
			r.stop()
		}
	}
}
