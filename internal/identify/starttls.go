// STARTTLS: what the handshake tells where TLS begins in the middle of a conversation.

package identify

import (
	"crypto/tls"
	"slices"

	"rtevent"
	"rtevent/internal/protocol"
)

// startTLS goes on inside TLS, as the server's own clients would, once it is known what the server speaks and that it
// offers that; or at the first opportunity, with those whose clients do it first. The farewell is then said inside. It
// tells whether there is an inside.
func (c *conversation) startTLS(first bool) bool {
	if !c.mayStartTLS(first) {
		return false
	}
	words, said := c.words.StartTLS, slices.Clone(c.conn.said)
	c.conn.SetDeadline(c.by(c.pace.patience()))
	if words.Words != "" {
		c.say(words.Words)
	}
	if c.end != quiet || words.Granted != nil && !words.Granted(c.hear(words.Answered)) {
		return false
	}
	c.conn.SetDeadline(c.by(c.pace.patience()))
	c.conn.room = mostTLS
	config := c.config(c.name)
	config.NextProtos = nil
	inside := tls.Client(c.conn, config)
	config.VerifyConnection = func(state tls.ConnectionState) error {
		c.started = describe(state)
		return nil
	}
	if inside.Handshake() != nil {
		c.conn.Close() // nothing more can be said; what was heard before holds
		return false
	}
	c.conn = bind(inside, nil)
	c.conn.said = keep(c.conn.said, said)
	return true
}

// mayStartTLS tells whether now is the time to begin TLS.
func (c *conversation) mayStartTLS(first bool) bool {
	d := c.words
	return d != nil && d.StartTLS != nil && d.StartTLS.First == first &&
		c.end == quiet && c.tls == nil && c.started == nil && c.way.network == "tcp" &&
		(first || c.surely(d)) && (d.StartTLS.Offered == nil || d.StartTLS.Offered(c.heard))
}

// speakInside says inside TLS what a client of d says there that has said nothing yet.
func (c *conversation) speakInside(d *protocol.Def) {
	if d.StartTLS.Hello != "" {
		c.say(d.StartTLS.Hello)
		c.listen(c.pace.patience())
	}
	c.talk(d.StartTLS.Talk)
}

// surely tells whether the readers know the peer for d.
func (c *conversation) surely(d *protocol.Def) bool {
	return len(c.read) > 0 && c.read[0].Protocol == d.Name && c.read[0].Confidence == rtevent.Strong
}

// hear reads one more answer, apart from what the readers get to see.
func (c *conversation) hear(whole func(string) bool) string {
	var answer []byte
	buf := make([]byte, 4<<10)
	for len(answer) < mostHeard && !whole(string(answer)) {
		n, err := c.conn.Read(buf)
		answer = append(answer, buf[:n]...)
		if err != nil {
			break
		}
	}
	return string(answer)
}
