// Behaviour: how a peer treats whoever connects, whether or not it is known.

package identify

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/protocol"
)

// behaviour judges all that went on the layer that counts.
func (q *inquiry) behaviour() rtevent.Behaviour {
	seen := q.layer()
	anyone := func(is func(exchange) bool) bool { return slices.ContainsFunc(seen, is) }
	switch {
	case !anyone(func(x exchange) bool { return x.end != unopened }):
		if len(seen) == 0 {
			return ""
		}
		return rtevent.Refuses
	case anyone(exchange.streams):
		return rtevent.Streams
	case q.sameAnswer():
		return rtevent.AnswersEverything
	case anyone(func(x exchange) bool { return x.heard != "" }):
		return rtevent.Answers
	case q.closesAtOnce():
		return rtevent.Closes
	case anyone(func(x exchange) bool { return x.sent != "" && x.ended() }):
		return rtevent.ClosesOnData
	case anyone(func(x exchange) bool { return x.end == quiet }):
		return rtevent.Silent
	default:
		return "" // nothing was seen to the end
	}
}

// layer are the exchanges that count: those inside TLS once a handshake was completed.
func (q *inquiry) layer() []exchange {
	if !q.secured {
		return q.done
	}
	return slices.DeleteFunc(slices.Clone(q.done), func(x exchange) bool { return x.tls == nil })
}

func (x exchange) ended() bool { return x.end == closed || x.end == reset }

// streams tells a peer that nobody recognises and that does not stop talking.
func (x exchange) streams() bool {
	return len(x.read) == 0 && (x.end == full || x.end == talking)
}

// sameAnswer tells a peer that says the same to different words. Further questions are not so different.
func (q *inquiry) sameAnswer() bool {
	answers := 0
	var first string
	for _, x := range q.layer() {
		if x.heard == "" || x.sent == "" || x.greeting != "" || x.way.further != nil || x.echoes() {
			continue
		}
		if answers++; answers == 1 {
			first = x.heard
		} else if x.heard != first {
			return false
		}
	}
	return answers > 1
}

// closesAtOnce tells a peer that ends the connection before anything is said.
func (q *inquiry) closesAtOnce() bool {
	return slices.ContainsFunc(q.layer(), func(x exchange) bool { return x.sent == "" && x.heard == "" && x.ended() })
}

// seen is how the peer has treated strangers so far, on the layer that counts.
func (q *inquiry) seen() protocol.Manner {
	manner := []byte(strings.Repeat(".", len(protocol.Strangers)))
	for i, name := range protocol.Strangers {
		if q.secured {
			name = "tls " + name
		}
		for _, r := range q.running {
			if r.way.name == name && !r.speaks && time.Since(r.begun) > 3*q.pace.moment() {
				manner[i] = 'w'
			}
		}
		for _, x := range q.done {
			switch {
			case x.way.name != name || x.end == unopened:
			case x.end == left && x.heard == "" && x.took > 3*q.pace.moment():
				manner[i] = 'w'
			case x.end == left:
			case x.heard != "":
				manner[i] = 'a'
			case x.ended():
				manner[i] = 'x'
			case x.end == quiet:
				manner[i] = 'w'
			}
		}
	}
	return protocol.Manner(manner)
}

// echoes tells a peer that returns what it is sent, byte for byte. Six bytes could be chance or a terminal; a whole hello
// could not.
func (x exchange) echoes() bool {
	const enough = 12 // bytes
	return len(x.heard) >= enough && x.sent == x.heard
}

// provoked tells a greeting of d that came only after somebody else's words. One who greets would have done so unasked.
func (x exchange) provoked(d *protocol.Def) bool {
	return d != nil && d.Greets && x.greeting == "" && x.words != d
}

// alters tells a peer that returned to some words others than those, or not all of them: it is no echo.
func (q *inquiry) alters() bool {
	return slices.ContainsFunc(q.layer(), func(x exchange) bool {
		return x.sent != "" && x.heard != "" && !strings.HasPrefix(x.heard, x.sent) && x.end != left
	})
}

// scolds tells an answer of HTTP to a plain request that complains of missing TLS in words that no reader knows.
func (x exchange) scolds() bool {
	return !x.way.secure && strings.HasPrefix(x.heard, "HTTP/1.") && len(x.heard) > 12 && x.heard[9:12] == "400" &&
		missesTLS.MatchString(x.heard)
}

var missesTLS = regexp.MustCompile(`\b(TLS|SSL|HTTPS)\b`)
