// Replaying: small real servers that answer as the recorded ones did.

package transcript

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// Serve answers every connection of l as the transcripts tell, which are those of one server. It greets if they do; as
// soon as the client has said what it said in one of them, the answer of that one follows. To what was never recorded
// it says nothing, and waits for the client to leave. Serve ends when ctx does, closes l and every connection, and
// returns nil then. For transcripts over TLS, l is a listener of TLS.
func Serve(ctx context.Context, l net.Listener, all ...*Transcript) error {
	ctx, stop := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var served sync.WaitGroup
	defer served.Wait()
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("replay: %w", err)
		}
		served.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			play(conn, all)
		})
	}
}

// play holds one conversation until a side is done.
func play(conn io.ReadWriter, all []*Transcript) {
	p := newPlayer(all)
	buf := make([]byte, 16<<10)
	for {
		say, done := p.due()
		if _, err := io.WriteString(conn, say); err != nil || done {
			return
		}
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		p.hear(string(buf[:n]))
	}
}

// A player follows the transcripts that fit what was said so far.
type player struct {
	rest  [][]Turn // what is left of each
	heard string   // what the client said and no transcript has answered yet
}

func newPlayer(all []*Transcript) *player {
	p := &player{}
	for _, t := range all {
		for _, c := range t.Connections() {
			p.rest = append(p.rest, c.Turns)
		}
	}
	return p
}

// due is what the server says now, and whether it ends the stream then.
func (p *player) due() (say string, done bool) {
	spoken := false
	for i, rest := range p.rest {
		for len(rest) > 0 && rest[0].By == Server {
			if !spoken { // the others greet too, in words of their own that are as good
				say += rest[0].Data
				done = done || rest[0].Close
			}
			rest = rest[1:]
		}
		spoken = spoken || len(rest) < len(p.rest[i])
		p.rest[i] = rest
	}
	return say, done
}

// hear takes what the client says. When it completes a turn, only the transcripts of that turn are followed on; of
// several the longest turn counts.
func (p *player) hear(said string) {
	const most = 64 << 10
	if len(p.heard)+len(said) > most {
		return
	}
	p.heard += said
	best := 0
	for _, rest := range p.rest {
		if n := p.complete(rest); n > best {
			best = n
		}
	}
	if best == 0 {
		return
	}
	var follow [][]Turn
	for _, rest := range p.rest {
		if p.complete(rest) == best {
			follow = append(follow, rest[1:])
		}
	}
	p.rest, p.heard = follow, p.heard[best:]
}

// complete is the length of the client's next turn if all of it was heard, and 0 otherwise.
func (p *player) complete(rest []Turn) int {
	if len(rest) == 0 || rest[0].By != Client || !strings.HasPrefix(p.heard, rest[0].Data) {
		return 0
	}
	return len(rest[0].Data)
}

// ServePacket answers every datagram of conn that was recorded with what was recorded after it, and others with
// nothing. It ends when ctx does, closes conn, and returns nil then.
func ServePacket(ctx context.Context, conn net.PacketConn, all ...*Transcript) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	buf := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("replay: %w", err)
		}
		for _, answer := range answers(all, string(buf[:n])) {
			if _, err := conn.WriteTo([]byte(answer), from); err != nil {
				break // the client is gone, which is its own affair
			}
		}
	}
}

// answers are the datagrams that followed the same question in the first transcript that has it.
func answers(all []*Transcript, question string) []string {
	for _, t := range all {
		for i, turn := range t.Turns {
			if turn.By != Client || turn.Data != question {
				continue
			}
			var said []string
			for _, next := range t.Turns[i+1:] {
				if next.By == Client {
					break
				}
				said = append(said, next.Data)
			}
			return said
		}
	}
	return nil
}
