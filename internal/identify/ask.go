// Package identify asks an endpoint what it speaks, politely and fast.
//
// Whoever holds the socket is believed enough to be asked first, in one native handshake; if that confirms it, there is
// one connection. Otherwise the ways to ask follow each other by a moment, side by side on separate connections: wait
// for a greeting, HTTP, TLS, a line, a binary hello. Every reply is read by every reader of package protocol, and who
// was recognised by another's hello is asked again in its own words. What decides is precedence, never who came first.
//
// A hostile peer costs a bounded number of connections, bytes and seconds, and nothing else. What could not be named
// comes back as behaviour, with what was tried and seen.
package identify

import (
	"cmp"
	"context"
	"net"
	"time"

	"rtevent"
)

// Options bound the asking.
type Options struct {
	// Timeout is the whole budget of one port, from its first connection. 0 lets it follow from the peer's round
	// trip: 1.2 s on loopback, 3 s where somebody who greets slowly is to be expected, and more for the trips.
	Timeout time.Duration

	// Connections caps the simultaneous connections over all ports; 0 means 96.
	Connections int
}

// Target is an endpoint to ask.
type Target struct {
	// Listener gives transport, address and port. Its Holders pick the first question; they may be empty.
	Listener rtevent.Listener

	// Name is the host name by which the user reached it, for TLS servers that serve many; may be empty.
	Name string

	// Dial opens a connection to it ("tcp"), a socket connected to it ("udp") or one that hears all ports of its host
	// (datagram.AnyPort); required.
	Dial func(ctx context.Context, network string) (net.Conn, error)

	// Insist asks even where politeness would not: the user named this port.
	Insist bool
}

// Asker asks endpoints what they speak. It is safe for concurrent use, and its bounds hold over all who use it. The
// zero value is not ready: New.
type Asker struct {
	timeout time.Duration
	turns   *turns
	atOnce  int // connections of one port
}

// New makes an Asker. It starts nothing.
func New(o Options) *Asker {
	connections := max(cmp.Or(o.Connections, 96), 1)
	atOnce := min(connections, firstWays)
	return &Asker{timeout: o.Timeout, turns: newTurns(connections / atOnce), atOnce: atOnce}
}

// Ask asks one endpoint and says what it found; what went wrong is in the Finding. It returns when every connection is
// closed, and promptly when ctx ends: then with what is known so far.
func (a *Asker) Ask(ctx context.Context, t Target) rtevent.Finding {
	hints := hintsFor(t.Listener)
	if why := decline(t.Listener, hints); why != "" && !t.Insist {
		return rtevent.Finding{NotAsked: why, Confidence: rtevent.None}
	}
	leave, err := a.turns.take(ctx, holder(t.Listener))
	if err != nil {
		return rtevent.Finding{NotAsked: "no time was left to ask", Confidence: rtevent.None}
	}
	defer leave()
	q := newInquiry(a, t, hints)
	q.run(ctx)
	return q.finding()
}
