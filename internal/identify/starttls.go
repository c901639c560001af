// STARTTLS: what the handshake tells where TLS begins in the middle of a conversation.

package identify

import (
	"crypto/tls"

	"rtevent"
	"rtevent/internal/protocol"
)

// startTLS goes on inside TLS, as the server's own clients would, once it is known what the server speaks and that it
// offers that. The farewell is then said inside.
func (c *conversation) startTLS(name string) {
	d := c.words
	if d == nil || d.StartTLS == nil || c.end != quiet || c.tls != nil || c.way.network != "tcp" || !c.surely(d) ||
		d.StartTLS.Offered != nil && !d.StartTLS.Offered(c.heard) {
		return
	}
	c.conn.SetDeadline(c.by(c.pace.patience()))
	if _, err := c.conn.Write([]byte(d.StartTLS.Words)); err != nil || !d.StartTLS.Granted(c.hear(d.StartTLS.Answered)) {
		return
	}
	c.conn.SetDeadline(c.by(c.pace.patience()))
	c.conn.room = mostTLS
	config := c.config(name)
	config.NextProtos = nil
	inside := tls.Client(c.conn, config)
	config.VerifyConnection = func(state tls.ConnectionState) error {
		c.started = describe(state)
		return nil
	}
	if inside.Handshake() != nil {
		c.end = left
		return
	}
	c.conn = bind(inside, nil)
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
