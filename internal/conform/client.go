// Holding a client: we are its server, and say what the vector says.

package conform

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Stage is where a client is held: it connects to the listener, and may tell what it delivers to its user.
type Stage struct {
	Listener net.Listener

	// Delivered is what the client under test prints: an event a line, other lines are passed over. It may be nil.
	Delivered io.Reader

	// Patience is how long the client may take to come, and to come again; 30 s when it is 0.
	Patience time.Duration
}

// CheckClient holds a client against one vector. The client is started by its user, as the vector's Start says.
func CheckClient(ctx context.Context, stage Stage, v *Vector) []Result {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s := &scene{came: make(chan *stream), patience: cmp.Or(stage.Patience, 30*time.Second)}
	defer context.AfterFunc(ctx, func() { stage.Listener.Close() })()
	p := &player{
		vector: v, patience: s.patience, aside: aside, open: s.open,
		streams: map[int]*stream{}, requests: map[int]*request{},
		names: names{"run": strings.ToLower(rand.Text()[:12]), "epoch": strings.ToLower(rand.Text()[:8])},
	}
	s.greeting = greeting(p.names["epoch"])
	var serving sync.WaitGroup
	defer serving.Wait()
	defer stop()
	serving.Go(func() { s.accept(ctx, stage.Listener) })
	if stage.Delivered != nil {
		told := newStream(nil, nil, func() {})
		defer told.close()
		go told.hear(lineReader(stage.Delivered))
		p.delivered = func(ctx context.Context, pattern string) error { return p.expectDelivered(ctx, told, pattern) }
	}
	p.none = s.none
	return p.run(ctx)
}

// scene is where the client comes in.
type scene struct {
	came     chan *stream
	patience time.Duration
	greeting []byte
}

// accept takes connections until the listener is closed, which it is when the vector has ended.
func (s *scene) accept(ctx context.Context, l net.Listener) {
	var meeting sync.WaitGroup
	defer meeting.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		meeting.Go(func() { s.meet(ctx, c) })
	}
}

// meet hands a connection on once a client of rt-event has said something on it. Others come, too: scanners, and whoever
// looks after this host.
func (s *scene) meet(ctx context.Context, c net.Conn) {
	on := netStream(&patient{Conn: c, greeting: s.greeting})
	for {
		line, err := on.next(ctx, s.patience)
		if err != nil || !ofTheProtocol(line) && len(bytes.TrimSpace(line)) > 0 {
			on.close()
			return
		}
		if !aside(on, line, "") {
			on.ahead = line
			break
		}
	}
	select {
	case s.came <- on:
	case <-ctx.Done():
		on.close()
	}
}

// ofTheProtocol tells a word or an event from what the clients of other protocols say, some of them in JSON, too. Who only
// came to see that this is rt-event, and leaves, is no client either.
func ofTheProtocol(line []byte) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(line, &object) != nil {
		return false
	}
	return object["specversion"] != nil || object["rt"] != nil && string(object["rt"]) != `"bye"`
}

// open awaits the next connection.
func (s *scene) open(ctx context.Context, _ Step) (*stream, error) {
	select {
	case on := <-s.came:
		return on, nil
	case <-time.After(s.patience):
		return nil, fmt.Errorf("no connection came within %s", s.patience)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// none holds that nobody connects for so long.
func (s *scene) none(ctx context.Context, d time.Duration) error {
	select {
	case on := <-s.came:
		on.close()
		return errors.New("the client connected again")
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// greeting is the first line of the server that we are. It has a member that no client knows.
func greeting(epoch string) []byte {
	return fmt.Appendf(nil, `{"rt":"ready","protocol":"rt-event/1","software":"conform/1","epoch":%q,"seq":100,"oldest":1,"max":65536,"durable":"always","auth":["none"],"weather":{"in":["sun","rain"]}}`+"\n", epoch)
}

// patient is a connection that is greeted when the client speaks, else after 1.5 s.
type patient struct {
	net.Conn
	greeting []byte
	greeted  bool
}

func (c *patient) Read(p []byte) (int, error) {
	if c.greeted {
		return c.Conn.Read(p)
	}
	c.greeted = true
	if err := c.SetReadDeadline(time.Now().Add(1500 * time.Millisecond)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if err != nil && !isTimeout(err) {
		return n, err
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return n, err
	}
	if _, err := c.Write(c.greeting); err != nil || n > 0 {
		return n, err
	}
	return c.Conn.Read(p)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// aside answers the words that a client may say at any time, unless the pattern asks for one of them.
func aside(s *stream, line []byte, pattern string) bool {
	var said, want struct {
		RT string
		N  json.RawMessage
	}
	if json.Unmarshal(line, &said) != nil {
		return false
	}
	if json.Unmarshal([]byte(pattern), &want) == nil && want.RT == said.RT {
		return false
	}
	answer := ""
	switch said.RT {
	case "hello", "auth":
		answer = `{"rt":"ok"}`
	case "ping":
		answer = `{"rt":"pong"}`
		if said.N != nil {
			answer = fmt.Sprintf(`{"rt":"pong","n":%s}`, said.N)
		}
	case "help":
		answer = `{"rt":"help","text":[]}`
	default:
		return len(bytes.TrimSpace(line)) == 0
	}
	return s.say([]byte(answer+"\n")) == nil
}

// expectDelivered holds the next event that the client tells of against a pattern.
func (p *player) expectDelivered(ctx context.Context, told *stream, pattern string) error {
	for until := time.Now().Add(p.patience); ; {
		line, err := told.next(ctx, max(0, time.Until(until)))
		if err != nil {
			return fmt.Errorf("the client was to deliver %s, but %w", pattern, err)
		}
		if !bytes.Contains(line, []byte(`"specversion"`)) {
			continue
		}
		p.talk = append(p.talk, "delivered: "+clip(strings.TrimSpace(string(line)), 300))
		if err := p.names.matchLine(pattern, line); err != nil {
			return fmt.Errorf("delivered: %w", err)
		}
		return nil
	}
}

// expectNone holds that a connection is not opened for so long.
func (p *player) expectNone(ctx context.Context, s Step) error {
	d, err := time.ParseDuration(s.Text)
	if err != nil {
		return err
	}
	return p.none(ctx, d)
}
