// Holding a server: we are its client.

package conform

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Target is the server to hold.
type Target struct {
	Addr     string        // HOST:PORT
	TLS      *tls.Config   // for a server that speaks TLS only; nil for one that is plain
	Token    string        // sent on every connection, when there is one
	Patience time.Duration // how long an answer is waited for; 5 s when it is 0
}

func (t Target) patience() time.Duration { return cmp.Or(t.Patience, 5*time.Second) }

// together is how many vectors are held at once: they mostly wait.
const together = 8

// CheckServer holds a server against the vectors, and hands on each one's results as they are known, in no order. An
// error means that there is nobody to hold. What was published lies on topics below "conform".
func CheckServer(ctx context.Context, t Target, vectors []*Vector, found func([]Result)) error {
	offers, err := t.offers(ctx)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var working sync.WaitGroup
	room := make(chan struct{}, together)
	for _, v := range vectors {
		room <- struct{}{}
		working.Go(func() {
			defer func() { <-room }()
			results := t.check(ctx, v, offers)
			mu.Lock()
			defer mu.Unlock()
			found(results)
		})
	}
	working.Wait()
	return ctx.Err()
}

func (t Target) check(ctx context.Context, v *Vector, offers map[string]string) []Result {
	for _, need := range v.Needs {
		if why := offers[need]; why != "" {
			return skipped(v, why)
		}
	}
	watch := newWatch(v.Name)
	p := &player{
		vector: v, patience: t.patience(), hide: t.Token, watch: watch,
		streams: map[int]*stream{}, requests: map[int]*request{},
		names: names{"run": strings.ToLower(rand.Text()[:12]), "host": t.Addr},
	}
	p.open = func(ctx context.Context, s Step) (*stream, error) {
		if r := p.requests[s.Conn]; r != nil {
			return t.send(ctx, r)
		}
		return t.connect(ctx, p, s)
	}
	results := p.run(ctx)
	return append(results, watch.results(p.talk)...)
}

func skipped(v *Vector, why string) []Result {
	var all []Result
	for _, b := range v.Blocks {
		all = append(all, perID(Result{Outcome: Skip, What: b.What, Vector: v.Name, Why: why}, b.Holds)...)
	}
	return all
}

// connect opens the connection of a step. One that is opened by being spoken on is greeted first, and authenticated.
func (t Target) connect(ctx context.Context, p *player, s Step) (*stream, error) {
	switch s.Do {
	case doConnect:
		return t.dial(ctx)
	case doTLS, doRefused:
		return t.dialTLS(ctx, s.Text)
	case doWS:
		return t.dialWS(ctx, s.Text)
	}
	on, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	ready, err := t.greet(ctx, on)
	if err != nil {
		on.close()
		return nil, err
	}
	p.names["epoch"], p.names["max"] = ready.Epoch, fmt.Sprint(ready.Max)
	return on, nil
}

// dial opens a connection. In TLS it offers no ALPN: so the first octets decide, as without TLS.
func (t Target) dial(ctx context.Context) (*stream, error) {
	ctx, cancel := context.WithTimeout(ctx, t.patience())
	defer cancel()
	var c net.Conn
	var err error
	if t.TLS != nil {
		c, err = (&tls.Dialer{Config: t.TLS}).DialContext(ctx, "tcp", t.Addr)
	} else {
		c, err = new(net.Dialer).DialContext(ctx, "tcp", t.Addr)
	}
	if err != nil {
		return nil, err
	}
	return netStream(c), nil
}

// url is where the server is reached by HTTP or, with "ws", by WebSocket.
func (t Target) url(scheme, path string) string {
	if t.TLS != nil {
		scheme += "s"
	}
	return scheme + "://" + t.Addr + path
}

// dialTLS opens TLS on the same port. Whose certificate it is does not matter here: the protocol is held, not trust.
func (t Target) dialTLS(ctx context.Context, text string) (*stream, error) {
	ctx, cancel := context.WithTimeout(ctx, t.patience())
	defer cancel()
	config := &tls.Config{InsecureSkipVerify: true}
	alpn, version, _ := strings.Cut(text, " ")
	if alpn != "none" {
		config.NextProtos = []string{alpn}
	}
	if version == "1.2" {
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	}
	c, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", t.Addr)
	if err != nil {
		return nil, err
	}
	return netStream(c), nil
}

func (t Target) dialWS(ctx context.Context, path string) (*stream, error) {
	ctx, stop := context.WithCancel(ctx)
	dialling, cancel := context.WithTimeout(ctx, t.patience())
	defer cancel()
	options := &websocket.DialOptions{Subprotocols: []string{"rt-event.v1"}, HTTPHeader: http.Header{}}
	if t.Token != "" {
		options.HTTPHeader.Set("Authorization", "Bearer "+t.Token)
	}
	if t.TLS != nil {
		options.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: t.TLS}}
	}
	c, _, err := websocket.Dial(dialling, t.url("ws", path), options)
	if err != nil {
		stop()
		return nil, err
	}
	if c.Subprotocol() != "rt-event.v1" {
		stop()
		c.CloseNow()
		return nil, fmt.Errorf("the subprotocol is %q, want rt-event.v1", c.Subprotocol())
	}
	return wsStream(ctx, c, stop), nil
}

// ready is what we need of the greeting.
type ready struct {
	RT, Epoch, Protocol string
	Max                 int
	Auth                []string
}

// greet makes a server greet at once, by a blank line, and says who we are.
func (t Target) greet(ctx context.Context, on *stream) (ready, error) {
	var g ready
	if err := on.say([]byte("\n")); err != nil {
		return g, err
	}
	line, err := on.next(ctx, t.patience())
	if err != nil {
		return g, fmt.Errorf("no greeting: %w", err)
	}
	if err := json.Unmarshal(line, &g); err != nil || g.RT != "ready" {
		return g, fmt.Errorf("no greeting, but %s", clip(string(line), 200))
	}
	on.max = g.Max
	if t.Token == "" {
		return g, nil
	}
	hello, err := json.Marshal(map[string]string{"rt": "hello", "client": "rtevent-conform", "token": t.Token})
	if err != nil {
		return g, err
	}
	if err := on.say(append(hello, '\n')); err != nil {
		return g, err
	}
	if line, err = on.next(ctx, t.patience()); err == nil {
		err = names{}.matchLine(`{"rt":"ok"}`, line)
	}
	if err != nil {
		return g, fmt.Errorf("the token: %w", err)
	}
	return g, nil
}

// offers asks what the server offers: the reason for each need that it does not meet. An error means that it speaks no
// lines at all, or is not there.
func (t Target) offers(ctx context.Context) (map[string]string, error) {
	on, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer on.close()
	ready, err := t.greet(ctx, on)
	if err != nil {
		return nil, fmt.Errorf("hold %s: %w", t.Addr, err)
	}
	offers := map[string]string{"publish": t.mayPublish(ctx, on)}
	if ready.Auth == nil || slices.Contains(ready.Auth, "none") {
		offers["closed"] = "the server does not ask who one is"
	}
	if s, err := t.dialTLS(ctx, "none"); err == nil {
		s.close()
	} else {
		offers["tls"] = "no TLS on this port"
	}
	if s, err := t.send(ctx, &request{method: "GET", path: "/events?until=live", head: http.Header{}}); err == nil {
		s.close()
	} else {
		offers["http"] = "no HTTP on this port"
	}
	if s, err := t.dialWS(ctx, "/ws"); err == nil {
		s.close()
	} else if offers["websocket"] = "no WebSocket at /ws"; !errors.Is(err, ctx.Err()) && offers["http"] == "" {
		offers["websocket"] += ": " + clip(err.Error(), 100)
	}
	return offers, ctx.Err()
}

// mayPublish tries to, and says why not.
func (t Target) mayPublish(ctx context.Context, on *stream) string {
	id := rand.Text()
	event := fmt.Sprintf(`{"specversion":"1.0","type":"conform.try","source":"//conform","id":%q,"topic":"conform.try"}`, id)
	if err := on.say([]byte(event + "\n")); err != nil {
		return err.Error()
	}
	line, err := on.next(ctx, t.patience())
	var answer struct {
		RT   string
		Code int
	}
	if err != nil || json.Unmarshal(line, &answer) != nil {
		return "" // no answer to an event is for the vectors to tell
	}
	if answer.RT == "error" && slices.Contains([]int{401, 403, 507}, answer.Code) {
		return fmt.Sprintf("we may not publish here (error %d): give a token", answer.Code)
	}
	return ""
}
