// Pace: how long to wait for what.

package identify

import "time"

// pace follows from the peer's own round trip, so that a silent peer on loopback is known in less than a second and nobody
// behind a slow link is cut off.
type pace struct {
	// rtt is the time that connecting took, smoothed. Where that is short it tells how busy this host is, too.
	rtt time.Duration

	// timeout is the whole budget of the port that the user set; 0 if none.
	timeout time.Duration

	// expectant: the owner or the port points to somebody who deserves more time, such as a mail server that looks
	// up its caller's name before it greets.
	expectant bool
}

// after is the pace once one more connection took so long.
func (p pace) after(rtt time.Duration) pace {
	if p.rtt > 0 {
		rtt = (3*p.rtt + rtt) / 4
	}
	p.rtt = rtt
	return p
}

// total is the budget of a port from its first connection.
func (p pace) total() time.Duration {
	if p.timeout > 0 {
		return p.timeout
	}
	if p.expectant {
		return min(3*time.Second+20*p.rtt, farthest)
	}
	return p.plain()
}

// thorough is the budget of a port where every protocol is tried, one after the other.
func (p pace) thorough() time.Duration {
	if p.timeout > 0 {
		return p.timeout
	}
	return min(4*time.Second+60*p.rtt, 2*farthest)
}

// anew is what the budget is raised by when the asking begins anew, inside TLS: the trips of the handshake, and of what was
// lost on a way that is long enough for that.
func (p pace) anew() time.Duration {
	if p.timeout > 0 || p.rtt < 5*time.Millisecond {
		return 0
	}
	return 500*time.Millisecond + 20*p.rtt
}

func (p pace) plain() time.Duration { return min(1200*time.Millisecond+20*p.rtt, farthest) }

// farthest is the budget for a peer that is farther away than any on Earth.
const farthest = 15 * time.Second

// patience is how long an answer may take: 700 ms on loopback, where a daemon may have to fork and the machine be busy.
func (p pace) patience() time.Duration {
	if p.timeout > 0 {
		return p.timeout * 7 / 12
	}
	return p.plain() * 7 / 12
}

// vigil is how long to wait for a greeting. It ends while others still wait for their answer: a server that serves one
// at a time comes to them only then.
func (p pace) vigil() time.Duration {
	if p.expectant {
		return p.total()
	}
	return p.patience() - 2*p.moment()
}

// linger is how long the last to ask wait: a greeting that is slower than the vigil still reaches them.
func (p pace) linger() time.Duration { return min(p.patience()+3*p.moment(), p.total()) }

// moment is how long one way is asked before the next one joins it.
func (p pace) moment() time.Duration { return p.within(30*time.Millisecond + 2*p.rtt) }

// courtesy is the same for an owner who greets.
func (p pace) courtesy() time.Duration { return min(600*time.Millisecond+8*p.rtt, p.total()/4) }

// lead is the same for the way to which the owner points: long enough for a busy server to confirm it alone.
func (p pace) lead() time.Duration { return p.within(150*time.Millisecond + 8*p.rtt) }

// inner is the same for the first conversation inside TLS, which waits for a greeting before it speaks: there nothing is
// gained by asking whom the owner points to beside others.
func (p pace) inner() time.Duration {
	if p.expectant {
		return p.patience()
	}
	return 3 * p.moment()
}

// within keeps what lies between two ways from using up a small budget.
func (p pace) within(d time.Duration) time.Duration { return min(d, p.total()/8) }

// settle is the quiet after which a reply is worth reading; one that tells everything is enough then. One that is
// recognised may go on for six times that, and one that nobody knows for twelve.
func (p pace) settle() time.Duration { return 5*time.Millisecond + p.rtt }
