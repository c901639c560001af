// Package client speaks rt-event/1: it publishes events to a server, and follows a server's events without losing one.
//
// A [Client] stands for a server. Publishing goes over one connection that is opened when it is first needed, and opened
// again when it breaks: what was not acknowledged is sent again, and since the server stores an event (by its source and
// id) once, that does no harm.
//
// Every subscription has a connection of its own. When that breaks it is opened again where the last one ended, exactly:
// the server either goes on behind the last event, or says that it cannot. Nothing is skipped silently.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/wire"
)

// The registered ports of rt-event and of its secure twin.
const (
	Port    = "3706"
	PortTLS = "3707"
)

// Options are the settings of a Client. The zero value is fine for a server on this host.
type Options struct {
	// Token says who the client is. It is sent over TLS, or to this host, and nowhere else.
	Token string

	// TLS, if set, makes the client speak TLS. It may hold a client certificate. The server's name is filled in.
	TLS *tls.Config

	// Name is what the client calls itself, for the server's eyes: "billing/1.4".
	Name string

	// Source is that of published events that have none.
	Source string

	// Timeout bounds each attempt to connect: 10 s when it is 0.
	Timeout time.Duration

	// Backoff is the pause before the first attempt to connect again: 100 ms when it is 0. It doubles up to 10 s.
	Backoff time.Duration
}

// Client is a server, seen from here. Its methods may be called at the same time.
type Client struct {
	options Options
	address string
	server  Server

	mu        sync.Mutex
	publisher *publisher
	closed    bool
}

// Server is what a server says of itself when it is called.
type Server struct {
	Software string         // "rtevent/0.1.0"
	Node     string         // the name of its host
	Newest   rtevent.Cursor // its newest event; its number is 0 when there is none yet
	Oldest   uint64         // the number of the oldest event that it still has
	Durable  string         // what an acknowledgement promises: "always" survives a power cut
	MaxLine  int            // how many bytes an event may have, as a line
	Auth     []string       // how a client can say who it is: "none", "token", "certificate"
}

// Dial calls a server once, to see that it is there and what it is. The address is HOST:PORT, or HOST for the registered
// port; "tls://" in front asks for TLS with the system's certificate authorities. Options may be nil.
func Dial(ctx context.Context, address string, o *Options) (*Client, error) {
	c := &Client{}
	if o != nil {
		c.options = *o
	}
	if err := c.locate(address); err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return c, nil
}

// locate reads an address.
func (c *Client) locate(address string) error {
	rest, secure := strings.CutPrefix(address, "tls://")
	rest = strings.TrimPrefix(rest, "tcp://")
	if secure && c.options.TLS == nil {
		c.options.TLS = &tls.Config{}
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		if host, port = strings.Trim(rest, "[]"), Port; c.options.TLS != nil {
			port = PortTLS
		}
	}
	if host == "" || port == "" || strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("%q is no server: want HOST, HOST:PORT or tls://HOST:PORT", address)
	}
	c.address = net.JoinHostPort(host, port)
	if c.options.TLS == nil {
		return nil
	}
	t := c.options.TLS.Clone()
	t.MinVersion = tls.VersionTLS13
	t.NextProtos = []string{wire.Protocol}
	if t.ServerName == "" {
		t.ServerName = host
	}
	c.options.TLS = t
	return nil
}

// Server returns what the server said of itself when it was last called.
func (c *Client) Server() Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server
}

// Close ends publishing: what has not been acknowledged fails with net.ErrClosed. Subscriptions end by their context.
func (c *Client) Close() error {
	c.mu.Lock()
	p := c.publisher
	c.publisher, c.closed = nil, true
	c.mu.Unlock()
	if p != nil {
		p.close()
	}
	return nil
}

// conn is a connection that has been greeted.
type conn struct {
	net.Conn
	lines *wire.Lines
	ready wire.Ready
}

// connect opens a connection, says who the client is, and says the further words in the same write, so that their answer
// is there after one round trip. It returns when the server has said ready, and ok to the hello.
func (c *Client) connect(ctx context.Context, words ...[]byte) (_ *conn, err error) {
	timeout := c.options.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := c.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", c.address, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() {
			err = ctx.Err() // and not the time-out that it made of the reading
		}
		if err != nil {
			raw.Close()
			err = fmt.Errorf("call %s: %w", c.address, err)
		}
	}()
	hello := map[string]string{"rt": "hello", "protocol": wire.Protocol, "client": c.options.Name}
	if hello["client"] == "" {
		hello["client"] = "rtevent-go"
	}
	if c.options.Token != "" {
		if c.options.TLS == nil && !isLoopback(raw.RemoteAddr()) {
			return nil, errors.New("a token is not sent over a plain connection: use TLS")
		}
		hello["token"] = c.options.Token
	}
	say := wire.Line(hello)
	for _, w := range words {
		say = append(say, w...)
	}
	if _, err := raw.Write(say); err != nil {
		return nil, err
	}
	return c.greeted(&conn{Conn: raw, lines: wire.NewLines(raw, wire.MaxLine+wire.MaxDelivered, nil)})
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

func (c *Client) open(ctx context.Context) (net.Conn, error) {
	if c.options.TLS != nil {
		return (&tls.Dialer{Config: c.options.TLS}).DialContext(ctx, "tcp", c.address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", c.address)
}

// next reads the next line that is not blank.
func (n *conn) next() ([]byte, error) {
	for {
		line, err := n.lines.Next()
		if err != nil || len(bytes.TrimSpace(line)) > 0 {
			return line, err
		}
	}
}

// greeted reads the greeting and the answer to the hello.
func (c *Client) greeted(n *conn) (*conn, error) {
	line, err := n.next()
	if err != nil {
		return nil, err
	}
	if err := n.read(line, &n.ready); err != nil {
		return nil, err
	}
	if n.ready.RT != "ready" || n.ready.Protocol != wire.Protocol {
		return nil, fmt.Errorf("it does not speak %s: it says %.80q", wire.Protocol, line)
	}
	if n.ready.Max > wire.MaxLine {
		n.lines.Allow(n.ready.Max + wire.MaxDelivered)
	}
	if line, err = n.next(); err != nil {
		return nil, err
	}
	var w wire.Word
	if err := n.read(line, &w); err != nil {
		return nil, err
	}
	if w.RT == "error" {
		return nil, errorOf(w)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = serverOf(n.ready)
	return n, nil
}

func serverOf(r wire.Ready) Server {
	return Server{
		Software: r.Software, Node: r.Node, Newest: rtevent.Cursor{Epoch: r.Epoch, Seq: r.Seq},
		Oldest: r.Oldest, Durable: r.Durable, MaxLine: r.Max, Auth: r.Auth,
	}
}
