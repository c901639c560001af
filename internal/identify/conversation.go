// One conversation: a connection, what is said on it, and what the peer answered.

package identify

import (
	"io"
	"slices"
	"time"

	"rtevent"
	"rtevent/internal/protocol"
)

// exchange is what came of asking in one way.
type exchange struct {
	way      way
	sent     string
	heard    string
	greeting string        // what was heard before anything was said
	words    *protocol.Def // in whose words the peer was spoken to; nil: in nobody's
	tls      *rtevent.TLS  // what the handshake told; nil if there was none
	started  *rtevent.TLS  // what the handshake told that began in the middle
	why      string        // why it was not opened, or what TLS said in the end
	end      ending
	took     time.Duration
	read     []rtevent.Finding // what the readers recognise, the best first
}

// conversation is one connection being talked on.
type conversation struct {
	exchange
	conn     *bounded // inside TLS if the way is
	pace     pace
	until    time.Time       // by when all must be said
	first    func()          // called at the first byte, outside and again inside TLS
	expected []*protocol.Def // to whom the hints point
	name     string          // by which the user called the host
}

// converse talks as the way says.
func (c *conversation) converse() {
	if c.way.greet != nil {
		c.listen(c.way.greet(c.pace))
		c.greeting = c.heard
	}
	switch {
	case c.greeting != "":
		c.reply()
	case c.way.def != nil:
		c.speak(c.way.def)
	case c.way.say != "":
		c.say(c.way.say)
		c.listen(c.way.answer(c.pace))
	}
	c.sent = string(c.conn.said)
	c.startTLS(false)
	c.leave()
	if c.started != nil {
		c.conn.Close() // in TLS's own words, or the server takes it for a broken connection
	}
}

// reply goes on from a greeting: in the words of the first who takes it for a greeting of its own, else with a plain word.
func (c *conversation) reply() {
	if d := c.greeter(); d != nil {
		c.speak(d)
		return
	}
	c.say(help)
	c.listen(c.pace.patience())
}

// greeter is who seems to have greeted: whom the way asks for, whom readers recognise, whom the hints expect, or else
// anybody; nil if nobody's client would answer such a greeting.
func (c *conversation) greeter() *protocol.Def {
	recognised := func(d *protocol.Def) bool {
		return slices.ContainsFunc(c.read, func(f rtevent.Finding) bool { return f.Protocol == d.Name })
	}
	known := slices.DeleteFunc(slices.Clone(protocol.All), func(d *protocol.Def) bool { return !recognised(d) })
	for _, d := range slices.Concat([]*protocol.Def{c.way.def}, known, c.expected, protocol.All) {
		if d != nil && d.Greets && (recognised(d) || takes(d, c.heard)) {
			return d
		}
	}
	return nil
}

// takes tells whether a client of d would answer a greeting.
func takes(d *protocol.Def, greeting string) bool {
	if !d.Greets || d.Talk == nil {
		return false
	}
	var m mouth
	d.Talk(&m, greeting)
	return m.opened
}

// mouth is a connection that nothing comes from and that only notes whether something would be said.
type mouth struct{ opened bool }

func (m *mouth) Read([]byte) (int, error) { return 0, io.EOF }

func (m *mouth) Write(p []byte) (int, error) {
	m.opened = true
	return 0, io.ErrClosedPipe
}

// speak says what a client of d says.
func (c *conversation) speak(d *protocol.Def) {
	c.words = d
	if hello := c.way.words(d); hello != "" {
		c.say(hello)
		c.listen(c.way.answer(c.pace))
	}
	switch {
	case c.startTLS(true):
		c.speakInside(d)
	case d.Talk != nil:
		c.talk(d.Talk)
	}
}

// words are the first words of d over the way's transport.
func (w way) words(d *protocol.Def) string {
	switch {
	case w.network != "tcp":
		return d.Datagram
	case w.secure && d.StartTLS != nil && d.StartTLS.Hello != "":
		return d.StartTLS.Hello
	case w.further != nil && d == w.def:
		return w.further.Words
	default:
		return d.Hello
	}
}

// reading is what the readers recognise in what was heard, with the question in mind if there was one.
func (x *exchange) reading() []rtevent.Finding {
	if x.way.further != nil {
		return x.way.further.Reading(x.heard)
	}
	return protocol.Read(x.heard)
}

// talk carries on with what a protocol has to say. Each of its questions gets patience anew.
func (c *conversation) talk(talk func(rw io.ReadWriter, heard string) string) {
	if c.end != quiet {
		return
	}
	renew := func() { c.conn.SetDeadline(c.by(c.pace.patience())) }
	renew()
	c.conn.asks = renew
	c.heard = talk(c.conn, c.heard)
	c.conn.asks = nil
	c.read = c.reading()
}

func (c *conversation) say(s string) {
	if c.end != quiet {
		return
	}
	c.conn.SetWriteDeadline(c.by(c.pace.patience()))
	if _, err := c.conn.Write([]byte(s)); err != nil {
		c.broke(err)
	}
}

// listen reads until what was heard is enough, the peer has been quiet for long enough, or it ends. It waits no longer
// than patience for the first bytes.
func (c *conversation) listen(patience time.Duration) {
	heard, buf := []byte(c.heard), make([]byte, 4<<10)
	before, last, deadline := len(heard), time.Time{}, c.by(patience)
	read := func() {
		c.heard = string(heard)
		c.read = c.reading()
	}
	defer read()
	for c.end == quiet {
		c.conn.SetReadDeadline(deadline)
		n, err := c.conn.Read(buf)
		if n > 0 {
			heard, last = append(heard, buf[:n]...), time.Now()
			deadline = c.by(c.pace.settle())
		}
		switch {
		case err == nil && time.Now().Before(c.until):
			continue
		case err == nil:
			c.end = talking
		case endOf(err) != quiet:
			c.broke(err)
		case len(heard) == before:
			return
		default:
			read()
			enough := last.Add(c.rest())
			if !time.Now().Before(enough) || !enough.Before(c.until) {
				return
			}
			deadline = enough
		}
	}
}

// by is the time that comes after d, or before it the end of the port's budget.
func (c *conversation) by(d time.Duration) time.Time {
	if t := time.Now().Add(d); t.Before(c.until) {
		return t
	}
	return c.until
}

func (c *conversation) broke(err error) {
	c.end, c.why = endOf(err), alertOf(err)
	if c.end == reset && c.way.network != "tcp" {
		c.end, c.why = unopened, innermost(err) // the host says that nobody is there
	}
}

// rest is the quiet after which what was heard is taken for whole. That TLS may begin is said in few bytes.
func (c *conversation) rest() time.Duration {
	if c.mayStartTLS(true) {
		return c.pace.settle()
	}
	return c.pace.rest(c.read)
}

// rest is the quiet after which a reply that reads so is taken for whole.
func (p pace) rest(read []rtevent.Finding) time.Duration {
	switch {
	case len(read) > 0 && complete(read[0]):
		return p.settle()
	case len(read) > 0 && read[0].Confidence == rtevent.Strong:
		return 6 * p.settle()
	default:
		return 12 * p.settle()
	}
}

// complete tells a finding that asking again could not better.
func complete(f rtevent.Finding) bool {
	return f.Confidence == rtevent.Strong && f.Product != "" && f.Version != ""
}

// leave says goodbye where that is the custom and lets the peer close first, so that it meets no broken connection.
func (c *conversation) leave() {
	if c.end != quiet || c.words == nil || c.words.Bye == "" || c.way.network != "tcp" || len(c.read) == 0 {
		return
	}
	c.conn.SetDeadline(c.by(4 * c.pace.settle()))
	if _, err := c.conn.Conn.Write([]byte(c.words.Bye)); err != nil {
		return
	}
	buf := make([]byte, 4<<10)
	for {
		if _, err := c.conn.Read(buf); err != nil {
			return
		}
	}
}
