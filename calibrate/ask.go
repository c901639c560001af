// Asking: every server, in every setting in which an answer of it means something.

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rtevent"
	"rtevent/internal/datagram"
	"rtevent/internal/identify"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// atOnce is how many servers are asked side by side: few enough that none is late because of the others.
const atOnce = 8

// oddPort is a port that points to nobody.
const oddPort = 47013

// A setting is on which port the one who asks believes a server to be.
type setting struct {
	name string

	// port is the port for the nth server, or why its answer would mean nothing there.
	port func(n int, s server) (port uint16, leftOut string)
}

// A result is what came of one setting.
type result struct {
	setting string
	answers []answer
	leftOut map[string]int // why -> how many
}

// An answer is what one server was found to be.
type answer struct {
	server
	found rtevent.Finding
}

// Why an answer would mean nothing.
const (
	notHeard = "recorded servers: they were never heard to answer what is asked there"
	noUsual  = "others: they have no usual port"
)

func settings(ctx context.Context, secure *tls.Config) ([]setting, error) {
	heard, err := strangersWords(ctx, secure)
	if err != nil {
		return nil, err
	}
	odd := func(_ int, s server) (uint16, string) {
		if !heard.by(s) && !s.tellsApart() {
			return 0, notHeard
		}
		return oddPort, ""
	}
	usual := func(_ int, s server) (uint16, string) {
		d := s.def()
		switch {
		case d == nil || len(d.Ports) == 0:
			return 0, noUsual
		case !heard.by(s) && !strings.HasPrefix(d.Hello, s.opening) && !strings.HasPrefix(d.Datagram, s.opening):
			return 0, notHeard
		case s.over == transcript.TLS && len(d.SecurePorts) > 0:
			return d.SecurePorts[0], ""
		}
		return d.Ports[0], ""
	}
	others := func(n int, s server) (uint16, string) {
		if !heard.by(s) {
			return 0, notHeard
		}
		return anothersPort(n, s), ""
	}
	return []setting{{"on an odd port", odd}, {"on the usual port", usual}, {"on another's port", others}}, nil
}

// anothersPort is the usual port of a protocol that the server does not speak; each gets another one.
func anothersPort(n int, s server) uint16 {
	all := slices.DeleteFunc(slices.Clone(protocol.All), func(d *protocol.Def) bool {
		asked := d.Hello != "" || d.Greets
		if s.over == transcript.UDP {
			asked = d.Datagram != ""
		}
		return !asked || len(d.Ports) == 0 || d.Name == s.truth.Protocol
	})
	return all[n%len(all)].Ports[0]
}

// askAll asks every server in every setting. The answers are in the order of the servers.
func askAll(ctx context.Context, servers []server, secure *tls.Config) ([]result, error) {
	all, err := settings(ctx, secure)
	if err != nil {
		return nil, err
	}
	asker := identify.New(identify.Options{Connections: 6 * atOnce})
	var results []result
	for _, in := range all {
		r := result{setting: in.name, leftOut: map[string]int{}, answers: make([]answer, 0, len(servers))}
		var asks errgroup.Group
		asks.SetLimit(atOnce)
		for n, s := range servers {
			port, why := in.port(n, s)
			if why != "" {
				r.leftOut[why]++
				continue
			}
			r.answers = append(r.answers, answer{server: s})
			a := &r.answers[len(r.answers)-1]
			asks.Go(func() (err error) {
				a.found, err = ask(ctx, asker, a.server, port)
				return err
			})
		}
		if err := asks.Wait(); err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, ctx.Err()
}

// ask starts a server, asks it as though it were on that port, and stops it.
func ask(ctx context.Context, asker *identify.Asker, s server, port uint16) (found rtevent.Finding, err error) {
	at, stop, err := s.start(ctx)
	if err != nil {
		return found, fmt.Errorf("%s: %w", s.name, err)
	}
	transport := rtevent.TCP
	if s.over == transcript.UDP {
		transport = rtevent.UDP
	}
	found = asker.Ask(ctx, identify.Target{
		Listener: rtevent.Listener{Transport: transport, Address: at.Addr(), Port: port, Scope: rtevent.Loopback},
		Insist:   true, // some usual ports are left in peace otherwise
		Dial: func(ctx context.Context, network string) (net.Conn, error) {
			return datagram.Dial(ctx, new(net.Dialer), network, at.String())
		},
	})
	if err := stop(); err != nil {
		return found, fmt.Errorf("%s: %w", s.name, err)
	}
	return found, nil
}

// words are the first words of each connection, by what carries them.
type words map[transcript.Carrier][]string

// by tells whether a server answers any of them, or speaks unasked. Who answers whatever it is told does.
func (w words) by(s server) bool {
	return s.opening == "" || slices.ContainsFunc(w[s.over], func(said string) bool { return strings.HasPrefix(said, s.opening) })
}

// strangersWords listens, in silence, to what somebody says who knows neither owner nor port.
func strangersWords(ctx context.Context, secure *tls.Config) (words, error) {
	heard := words{}
	var mu sync.Mutex
	for _, over := range []transcript.Carrier{transcript.TCP, transcript.TLS, transcript.UDP} {
		hear := func(said string) {
			mu.Lock()
			defer mu.Unlock()
			heard[over] = append(heard[over], said)
		}
		s := server{name: "a listener", over: over, start: talking(over, secure, func(c net.Conn) { hear(first(c)); io.Copy(io.Discard, c) })}
		if over == transcript.UDP {
			s.start = packets(func(ctx context.Context, conn net.PacketConn) error {
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				for buf := make([]byte, 64<<10); ; {
					n, _, err := conn.ReadFrom(buf)
					if err != nil {
						return nil
					}
					hear(string(buf[:n]))
				}
			})
		}
		patient := identify.New(identify.Options{Timeout: 4 * time.Second}) // who leaves nothing unsaid on a busy machine
		if _, err := ask(ctx, patient, s, oddPort); err != nil {
			return nil, err
		}
	}
	return heard, nil
}

// first is what the other side says first.
func first(c net.Conn) string {
	buf := make([]byte, 16<<10)
	n, _ := c.Read(buf)
	return string(buf[:n])
}
