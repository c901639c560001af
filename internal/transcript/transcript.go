// Package transcript keeps recorded conversations with real servers: it reads, writes, records and replays them.
//
// A transcript is a text of one thing per line, so that it survives every line-ending rule, shows well in a diff and can
// be read aloud as evidence:
//
//	# redis-server 7.0.15 from Debian 12
//	want redis product="Redis" version="7.0.15"
//	> "*1\r\n$4\r\nPING\r\n"
//	< "+PONG\r\n"
//	< close
//
// Lines with ">" are what the client sent and those with "<" what the server did, as Go strings. Over a stream, lines
// of one side that follow each other are one turn, however they are split; over datagrams each line is a datagram. A
// greeting is a "<" before any ">"; "< close" says that the server ended its stream, and "> close" that the client left.
// What is said after that is said on the next connection to the same server. "over udp" and "over tls" name a carrier
// other than TCP; what is recorded over TLS is its inside. Time is not recorded.
//
// "want" says what there is to recognise: a protocol, then product, version, confidence (strong if it is not given) and
// any details by name. "want nothing" is the mark of a look-alike.
package transcript

import (
	"rtevent"
)

// Carrier is what carries a conversation.
type Carrier string

// The carriers. What is recorded over TLS is what travels inside it.
const (
	TCP Carrier = "tcp"
	TLS Carrier = "tls"
	UDP Carrier = "udp"
)

// Side is who does a Turn.
type Side byte

// The two sides, as they are written.
const (
	Client Side = '>'
	Server Side = '<'
)

// A Turn is what one side says before the other answers, or the end of what it says.
type Turn struct {
	By    Side
	Data  string // one datagram over UDP; as much as was said in a row otherwise
	Close bool   // the server ends its stream, or the client leaves; Data is empty
}

// A Transcript is one conversation and what it tells about the server.
type Transcript struct {
	Notes []string // the heading: which server of which version, and what is special
	Over  Carrier

	// Want is what there is to recognise: Protocol, Product, Version, Details and Confidence. Nil means that it was
	// not filled in yet; a Finding without Protocol, that there is nothing to recognise.
	Want *rtevent.Finding

	Turns []Turn
}

// Connections are the conversations that a transcript holds, one on each connection to the same server. A connection that
// the client left has no mark of it.
func (t *Transcript) Connections() []*Transcript {
	var all []*Transcript
	next := true // what comes is said on a connection of its own
	for _, turn := range t.Turns {
		if next {
			c := *t
			c.Turns = nil
			all = append(all, &c)
		}
		if next = turn.Close; !next || turn.By == Server {
			last := all[len(all)-1]
			last.Turns = append(last.Turns, turn)
		}
	}
	return all
}

// Continue adds what was said on the next connection to the same server.
func (t *Transcript) Continue(next *Transcript) {
	if last := len(t.Turns) - 1; last >= 0 && !t.Turns[last].Close {
		t.Turns = append(t.Turns, Turn{By: Client, Close: true})
	}
	t.Turns = append(t.Turns, next.Turns...)
}

// Reply is all that the server said, in order.
func (t *Transcript) Reply() string { return t.said(Server) }

// Sent is all that the client said, in order.
func (t *Transcript) Sent() string { return t.said(Client) }

func (t *Transcript) said(by Side) string {
	var all string
	for _, turn := range t.Turns {
		if turn.By == by {
			all += turn.Data
		}
	}
	return all
}

// add appends what a side said; over a stream it continues the turn of the same side, unless that was the end of a
// connection. Nobody ends a stream twice, and only a datagram can be empty.
func (t *Transcript) add(turn Turn) {
	if t.Over != UDP && !turn.Close && turn.Data == "" {
		return
	}
	if last := len(t.Turns) - 1; t.Over != UDP && last >= 0 {
		switch before := &t.Turns[last]; {
		case before.Close && turn.Close:
			return
		case !before.Close && !turn.Close && before.By == turn.By:
			before.Data += turn.Data
			return
		}
	}
	t.Turns = append(t.Turns, turn)
}
