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
		q.learnRefusal(x)
	case x.echoes():
		q.settled = true
	case x.tls != nil && x.tls.ALPN == "h2":
		q.settled = true // that names it, and HTTP/2 is all that it speaks
	case q.awaits && x.sent == "" && x.heard == "" && x.end == quiet:
		q.doubt()
	case x.way.further != nil && (q.known || len(x.read) == 0 || x.read[0].Confidence == rtevent.Strong):
		q.learnFurther(x)
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
	own, ownWords := q.ownWords(d, x)
	more := q.goesOn(x)
	switch {
	case f.Protocol == "tls":
		q.learnTLS(x)
	case q.pretended(f, x):
		q.learnAnswer(x)
	case f.Confidence == rtevent.Weak:
		q.learnWeak(x)
	case x.provoked(d) && (q.underway(named("wait")) || q.underway(named(own.name))):
		q.known, q.awaits, q.queue = true, true, nil // its greeting is on the way to us
	case complete(f) && len(more) == 0 && !(q.secured && x.provoked(d)): // inside TLS nobody waits beside it
		q.settled = true
	case x.scolds():
		q.known = true
		q.tryTLS()
	case ownWords:
		q.known, q.queue = true, []way{own}
	case len(more) > 0:
		q.known, q.queue = true, more
	default:
		q.settled = true
	}
}

// learnRefusal goes on from a connection that nobody took. A server that serves one after the other may have closed its
// door for a moment; otherwise it takes no more.
func (q *inquiry) learnRefusal(x exchange) {
	const most = 3 // times
	if q.connections() == 0 || q.refused == most || q.target.Listener.Transport == rtevent.UDP {
		q.queue, q.parses = nil, false
		return
	}
	q.refused++
	delete(q.asked, x.way.name)
	q.queue = append([]way{x.way}, q.queue...)
	q.notYet(q.pace.lead())
}

// doubt goes on from a peer that greeted when others spoke and did not when it was waited for: whoever it is, it is not the
// one whose greeting that would be.
func (q *inquiry) doubt() {
	q.known, q.awaits = false, false
	q.queue = plan(q.hints)
	if q.secured {
		q.queue = planInside(q.hints)
	}
}

// learnFurther goes on from the answer to a further question. What it leads to comes before what the first answer did, or
// instead of that if it names the product; if that answer is the first, instead of all else.
func (q *inquiry) learnFurther(x exchange) {
	more := q.goesOn(x)
	strong := len(x.read) > 0 && x.read[0].Confidence == rtevent.Strong
	switch {
	case strong && (!q.known || !protocol.Platform(x.read[0])):
		q.known, q.queue = true, more
	default:
		q.queue = append(more, q.queue...)
	}
	named := strong && !protocol.Platform(x.read[0])
	asking := q.underway(func(w way) bool { return w.further != nil })
	if q.known && len(q.queue) == 0 && (named || !asking) {
		q.settled = true
	}
}

// otherBeginning goes on from a server that hung up on a hello: it may take another, unless TLS is what it waits for.
func (q *inquiry) otherBeginning(x exchange) {
	if q.closesAtOnce() {
		return
	}
	next := 1 + slices.IndexFunc(q.queue, named("tls"))
	q.queue = slices.Insert(q.queue, next, q.goesOn(x)...)
}

// goesOn are the further questions to which an exchange leads, as many as may still be asked.
func (q *inquiry) goesOn(x exchange) []way {
	const most = 3 // of one port
	d := x.words
	if len(x.read) > 0 && x.read[0].Confidence == rtevent.Strong {
		d = protocol.Lookup(x.read[0].Protocol)
	} else if x.heard != "" {
		return nil
	}
	if d == nil || d.Next == nil || x.way.network != "tcp" || x.way.further != nil && x.heard == "" {
		return nil
	}
	var ways []way
	for _, question := range d.Next(x.heard) {
		if w := q.layered(further(d, question)); !q.asked[w.name] && q.further+len(ways) < most {
			ways = append(ways, w)
		}
	}
	return ways
}

// learnWeak goes on from weak readings: whoever may be meant is asked in its own words. One to whom the owner points and
// who has been asked so has no more to say.
func (q *inquiry) learnWeak(x exchange) {
	if q.owned(x.words) && x.words.Name == x.read[0].Protocol {
		q.settled = true
		return
	}
	if x.greeting != "" {
		q.learnGreeting(x)
		return
	}
	var ways []way
	for _, f := range x.read {
		if w, ok := q.ownWords(protocol.Lookup(f.Protocol), x); ok {
			ways = append(ways, w)
		}
	}
	if slices.ContainsFunc(ways, func(w way) bool { return w.alone }) {
		q.stop(func(way) bool { return true })
	}
	q.queue = append(ways, q.queue...)
}

// owned tells whether the owner points to a protocol.
func (q *inquiry) owned(d *protocol.Def) bool {
	return d != nil && slices.ContainsFunc(q.hints, func(h hint) bool { return h.owner && h.def == d })
}

// learnGreeting goes on from a greeting that is not surely known: with the others whose clients would answer it, and with
// those who are expected. To more the peer has given no reason.
func (q *inquiry) learnGreeting(x exchange) {
	q.onlyHinted()
	for _, d := range only(func(d *protocol.Def) bool { return !q.spoken(d) && takes(d, x.greeting) }) {
		q.queue = append(q.queue, q.layered(hello(d)))
	}
}

// ownWords is the way to ask in the words of d, if that is possible and has not been done.
func (q *inquiry) ownWords(d *protocol.Def, x exchange) (way, bool) {
	if d == nil || q.spoken(d) || !d.Greets && x.way.words(d) == "" {
		return way{}, false
	}
	if x.words != nil && !d.Greets && x.way.words(d) == x.way.words(x.words) {
		return way{}, false // they begin alike
	}
	w := q.layered(hello(d).first())
	w.alone = d.Single
	if x.way.network != "tcp" {
		w = question(d)
	}
	return w, !q.asked[w.name]
}

// spoken tells whether the peer has been spoken to in the words of d.
func (q *inquiry) spoken(d *protocol.Def) bool {
	return slices.ContainsFunc(q.layer(), func(x exchange) bool { return x.words == d && x.end != left })
}

// layered is the same way on the layer that counts.
func (q *inquiry) layered(w way) way {
	if q.secured {
		return w.inside()
	}
	return w
}

// learnTLS goes on from an answer in TLS: with a handshake, or with another if that was one.
func (q *inquiry) learnTLS(x exchange) {
	const otherProtocol = "no application protocol" // RFC 7301, section 3.2
	switch {
	case !x.way.secure:
		q.tryTLS()
	case x.why == otherProtocol && !q.asked[http2.name]:
		q.queue = []way{http2}
	default:
		q.settled = true
	}
}

// tryTLS makes a handshake the next and the last way, unless one is under way or has failed.
func (q *inquiry) tryTLS() {
	q.queue = nil
	if !q.asked["tls"] {
		q.queue = []way{handshake(q.inner())}
	}
	q.settled = q.asked["tls"] && !q.underway(named("tls"))
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
	case x.greeting != "":
		q.learnGreeting(x)
	case q.sameAnswer():
		q.onlyHinted()
	default:
		q.parses, q.texts = true, true
		q.drop(func(w way) bool { return w.name == "tls" || w.patient() })
	}
}

// crowded tells whether the peer broke off what it was told, in different words, while a connection waited for its
// greeting. One who serves one client at a time does so, whatever the words.
func (q *inquiry) crowded() bool {
	broke := 0
	for _, x := range q.done {
		if x.end == reset && slices.Contains(protocol.Strangers, x.way.name) {
			broke++
		}
	}
	return broke == 2 && !q.secured && !q.asked["http alone"]
}

// onlyHinted leaves those ways to which the owner or the port points.
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
		q.drop(way.patient)   // it is not
		q.stop(named("wait")) // nor does it greet, and it may serve one at a time
		q.otherBeginning(x)
		if q.crowded() {
			q.queue = append([]way{alone()}, q.queue...)
		}
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
	q.secured, q.parses, q.texts, q.known, q.awaits = true, false, false, false, false
	q.stop(func(w way) bool { return !w.secure })
	q.queue = nil
	if w.def != nil {
		q.queue = planInside(q.hints)
	}
	q.asked[w.name] = true
	q.extend(q.pace.anew())
	q.free = false
	q.next.Reset(q.pace.inner())
}

// underway tells whether a way is being gone.
func (q *inquiry) underway(is func(way) bool) bool {
	for _, r := range q.running {
		if is(r.way) {
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
			r.leave()
		}
	}
}
