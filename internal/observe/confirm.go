// Holds back every opening until it is certain, and the port known, without ever changing the order.

package observe

import "time"

// The kernel tells of an opening before it is done. A listen() may still be refused, and a listen() without a bind() has
// no port yet: the end of the same socket, if it is in
// line already, or a look at the socket tells what came of it.
const (
	// inTheMiddle is how long the kernel takes, at most, from telling to having done it; a process that loses its
	// processor in between takes longer.
	inTheMiddle = time.Millisecond

	// tooLong is how long an opening is held back that does not become certain.
	tooLong = 50 * time.Millisecond

	// lookAgain is how soon it is worth it to look again.
	lookAgain = 200 * time.Microsecond
)

// sighting is what a look at a socket showed.
type sighting struct {
	there  bool // it is still the same socket
	hashed bool // connections are put to it, or once were
	asked  bool
	v6only bool
	state  uint8
	port   uint16
}

// confirmer is the line in which the happenings wait.
type confirmer struct {
	// look looks at a socket again; false when that is not possible.
	look func(*happening) (sighting, bool)

	line []happening
	ends map[uint64]int // how many ends of the socket with this cookie are in line
}

func newConfirmer(look func(*happening) (sighting, bool)) *confirmer {
	return &confirmer{look: look, ends: map[uint64]int{}}
}

func (c *confirmer) add(batch []happening) {
	for i := range batch {
		if batch[i].ends() {
			c.ends[batch[i].cookie]++
		}
	}
	c.line = append(c.line, batch...)
}

// next returns the next happening that is certain. Otherwise it says how long to wait before asking again: 0 when there
// is nothing in line. Now is in ns since boot.
func (c *confirmer) next(now uint64) (h happening, ok bool, wait time.Duration) {
	for len(c.line) > 0 {
		head := &c.line[0]
		age := time.Duration(now - head.at)
		if now < head.at {
			age = 0
		}
		certain, wait := c.decide(head, age)
		if wait > 0 {
			return h, false, wait
		}
		h = c.pop()
		if certain {
			return h, true, 0
		}
	}
	c.line = nil // let go of the memory
	return h, false, 0
}

func (c *confirmer) pop() happening {
	h := c.line[0]
	c.line = c.line[1:]
	if h.ends() {
		if c.ends[h.cookie]--; c.ends[h.cookie] == 0 {
			delete(c.ends, h.cookie)
		}
	}
	return h
}

// decide completes the first in line. It is not certain when it came to nothing.
func (c *confirmer) decide(h *happening, age time.Duration) (certain bool, wait time.Duration) {
	switch {
	case h.kind == udpConnected:
		return c.decideConnected(h, age)
	case !h.opens():
		return true, 0
	case c.ends[h.cookie] > 0:
		return h.completeFrom(c.endOf(h.cookie)), 0
	}
	seen, can := c.look(h)
	if !can {
		return true, max(0, inTheMiddle-age)
	}
	done, came := h.completeBy(seen, age)
	switch {
	case done:
		return came, 0
	case age < tooLong:
		return false, lookAgain
	}
	// Its end was lost, or it is still in the middle. A socket that is there without a port was refused.
	return !seen.there || seen.port != 0, 0
}

// endOf is the first end in line of a socket.
func (c *confirmer) endOf(cookie uint64) *happening {
	for i := range c.line {
		if h := &c.line[i]; h.cookie == cookie && h.ends() {
			return h
		}
	}
	return nil
}

// completeFrom takes what the end of a socket tells of its opening. It is false when the kernel refused the opening:
// then the end itself tells that.
func (h *happening) completeFrom(end *happening) bool {
	if h.port == 0 {
		h.port = end.port
	}
	h.asked, h.decided = end.asked, true
	return end.kind != tcpRefused
}

// completeBy takes what a look at the socket shows. It is not done when the kernel has not, or when the end of the socket
// must be on its way; then nothing came of it yet.
func (h *happening) completeBy(seen sighting, age time.Duration) (done, came bool) {
	const connected = 1
	switch {
	case !seen.there || seen.port == 0:
		return false, false
	case h.kind == udpOpened && seen.state == connected:
		return true, false // a client, that has its peer by now
	case h.kind == udpOpened && !seen.asked && age < inTheMiddle:
		return false, false
	case h.kind == tcpOpened && (seen.state != stateListen || !seen.hashed):
		return false, false
	}
	h.port, h.asked, h.decided, h.v6only = seen.port, seen.asked, true, seen.v6only
	return true, true
}

// decideConnected makes an end of a connect() that succeeded, and nothing of any other.
func (c *confirmer) decideConnected(h *happening, age time.Duration) (certain bool, wait time.Duration) {
	if age < inTheMiddle {
		return false, inTheMiddle - age
	}
	seen, can := c.look(h)
	if !can || !seen.there || seen.state == stateUnconnected {
		return false, 0
	}
	h.kind = udpClosed
	c.ends[h.cookie]++ // pop counts it as one
	return true, 0
}
