// A talk is a conversation in lines, over whatever carries them: a socket or a WebSocket.

package deliver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"rtevent/internal/wire"
)

// carrier is what a talk goes over.
type carrier interface {
	// Next is the next line. It fails with io.EOF when the other side has said everything, with wire.ErrTooLong, and with
	// os.ErrDeadlineExceeded when words are begun and not ended.
	Next() ([]byte, error)

	// Say writes whole lines. It may be used beside Sink's.
	Say(lines []byte) error

	// Sink is for a feed.
	Sink() sink

	// Interrupt makes Next fail, now and from now on, and tells whether it can: then there is still time to say something.
	Interrupt() bool

	// Close ends it, and so a Next that waits. What was said before still arrives, if the other side takes it.
	Close()
}

type talk struct {
	server  *Server
	carrier carrier

	mu     sync.Mutex
	peer   peer
	feed   *feed // the subscription, if there is one
	parted bool  // the good-bye has been said
	drains bool  // the server shuts down

	rights     Rights // of the peer, as of the generation
	generation uint64
	known      bool

	failures  int // tokens that were not known
	publisher *publisher
	cancel    context.CancelFunc // of the feed
	feeding   sync.WaitGroup
}

// talk answers lines until the other side leaves or the server has enough. It closes the carrier.
func (s *Server) talk(ctx context.Context, p peer, c carrier) {
	ctx, cancel := context.WithCancel(ctx)
	t := &talk{server: s, peer: p, carrier: c, cancel: cancel}
	s.enrol(t)
	defer func() {
		if t.publisher != nil {
			t.publisher.finish()
		}
		cancel()
		c.Close()
		t.feeding.Wait()
		s.dismiss(t)
	}()
	for {
		line, err := c.Next()
		if err != nil {
			t.end(err)
			return
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !t.answer(ctx, line) {
			return
		}
	}
}

// end is the other side's last word, or the lack of one.
func (t *talk) end(err error) {
	switch {
	case t.isDraining():
		if t.publisher != nil {
			t.publisher.finish()
		}
		bye := draining().Word("bye")
		t.part(&bye)
	case errors.Is(err, wire.ErrTooLong):
		t.refuse(wire.Errorf(wire.TooLong, "a line may have %d bytes", t.server.Limits.Line))
	case errors.Is(err, io.ErrUnexpectedEOF):
		t.refuse(wire.Errorf(wire.BadLine, "the last line has no end"))
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.refuse(wire.Errorf(wire.TooSlow, "your words came too slowly"))
	case errors.Is(err, io.EOF):
		// Whoever has said everything may still listen: `printf '{"rt":"sub"}\n' | nc -N HOST 3706`.
		if t.publisher != nil {
			t.publisher.finish()
		}
		t.feeding.Wait()
	}
}

// answer answers a line, and tells whether the talk goes on.
func (t *talk) answer(ctx context.Context, line []byte) bool {
	if !bytes.HasPrefix(line, []byte(`{"rt"`)) {
		p, fault := wire.ReadEvent(line)
		if fault == nil {
			return t.publish(p)
		}
		if word, kindFault := wire.Kind(line); word == "" && kindFault == nil {
			return t.refuse(fault) // it names what could be read
		}
	}
	word, fault := wire.Kind(line)
	if fault != nil {
		return t.refuse(fault)
	}
	r, fault := wire.ReadRequest(line)
	if fault != nil {
		return t.refuse(fault)
	}
	switch word {
	case "sub":
		return t.subscribe(ctx, r)
	case "hello", "auth":
		return t.authenticate(r)
	case "ping":
		return t.say(wire.Pong{RT: "pong", N: r.N})
	case "help":
		return t.say(wire.Word{RT: "help", Lines: help})
	case "bye":
		t.leave()
		return false
	}
	return t.refuse(wire.Errorf(wire.UnknownWord, "there is no word %.40q: say {\"rt\":\"help\"}", word))
}

var help = []string{
	`{"rt":"sub","topics":["listener.>"],"from":"state"}   the last event of each topic, then every new one`,
	`from: live, oldest, state, a cursor (what comes after it), or a time; types and mark (in s) narrow and pace`,
	`{"specversion":"1.0","type":"com.example.door","source":"//lab","id":"7","topic":"doors.lab","data":{"open":true}}   publishes`,
	`{"rt":"auth","token":"..."}   {"rt":"ping","n":1}   {"rt":"bye"}`,
	`topics are tokens with dots between; in filters * stands for one token, > at the end for one or more`,
}

func (t *talk) say(word any) bool { return t.carrier.Say(wire.Line(word)) == nil }

func (t *talk) refuse(fault *wire.Error) bool {
	t.server.metrics.refused(fault)
	return t.say(fault.Word("error"))
}

// authenticate takes a token, if one is given.
func (t *talk) authenticate(r wire.Request) bool {
	if r.Token == "" {
		if r.RT == "auth" {
			return t.refuse(wire.Errorf(wire.BadLine, "auth without a token"))
		}
		return t.say(wire.Word{RT: "ok"})
	}
	const most = 5
	p := t.peer
	p.token = r.Token
	if _, fault := t.server.Access.Of(p); fault != nil {
		t.failures++
		return t.refuse(fault) && t.failures < most
	}
	t.mu.Lock()
	t.peer, t.known = p, false
	t.mu.Unlock()
	return t.say(wire.Word{RT: "ok"})
}

// subscribe begins the talk's one subscription.
func (t *talk) subscribe(ctx context.Context, r wire.Request) bool {
	if t.subscribed() {
		return t.refuse(wire.Errorf(wire.AlreadySubscribed, "one subscription a connection: open another"))
	}
	out := t.carrier.Sink()
	f, fault := t.server.newFeed(r, t.peer, out)
	if fault != nil {
		return t.refuse(fault)
	}
	reset, err := f.begin(ctx)
	switch {
	case err != nil:
		return t.refuse(faultOf(err))
	case reset != nil:
		return t.say(reset)
	}
	t.mu.Lock()
	t.feed = f
	t.mu.Unlock()
	if !t.say(f.ok()) {
		return false
	}
	t.feeding.Go(func() {
		err := f.run(ctx)
		t.part(f.goodbye(err))
		if ctx.Err() == nil {
			t.carrier.Close()
		}
	})
	return true
}

// leave answers a good-bye, once the feed has come to an end: only then is it known what it sent last.
func (t *talk) leave() {
	if t.publisher != nil {
		t.publisher.finish()
	}
	t.cancel()
	t.feeding.Wait()
	t.part(&wire.Word{RT: "bye"})
}

func (t *talk) subscribed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.feed != nil
}

// part says good-bye, once, with the cursor that a subscriber is at.
func (t *talk) part(bye *wire.Word) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if bye == nil || t.parted {
		return
	}
	t.parted = true
	if t.feed != nil {
		bye.At = t.feed.position()
	}
	t.say(bye)
}

// drain ends the talk of whoever has no subscription; a feed does so itself. What was published is still answered.
func (t *talk) drain() {
	t.mu.Lock()
	t.drains = true
	subscribed := t.feed != nil
	t.mu.Unlock()
	if subscribed || t.carrier.Interrupt() {
		return
	}
	bye := draining().Word("bye")
	t.part(&bye)
	t.carrier.Close()
}

func (t *talk) isDraining() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.drains
}

// enrol keeps the talk, so that it is told when the server shuts down.
func (s *Server) enrol(t *talk) {
	s.mu.Lock()
	s.talks[t] = struct{}{}
	s.mu.Unlock()
	select {
	case <-s.draining:
		t.drain()
	default:
	}
}

func (s *Server) dismiss(t *talk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.talks, t)
}
