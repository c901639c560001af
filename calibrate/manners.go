// Manners: a recorded server treats strangers as its kind was seen to do, so that it can be found on any port.

package main

import (
	"io"
	"net"
	"strings"

	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// mannered gives the connections of a listener the manner of a protocol's servers: the first of those known.
type mannered struct {
	net.Listener
	manner string
}

func (m mannered) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &touchy{Conn: conn, manner: m.manner}, nil
}

// touchy hangs up where the manner says so.
type touchy struct {
	net.Conn
	manner string
	begun  bool
}

func (t *touchy) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 && !t.begun {
		t.begun = true
		if i := stranger(string(p[:n])); i >= 0 && i < len(t.manner) && t.manner[i] == 'x' {
			t.Conn.Close()
			return 0, io.EOF
		}
	}
	return n, err
}

// stranger is the place in a Manner of whom the words are; -1 for those of no stranger.
func stranger(said string) int {
	for i, name := range protocol.Strangers {
		words := map[string]string{"line": "HELP\r\n", "tls": "\x16\x03"}[name]
		if d := protocol.Lookup(name); words == "" && d != nil {
			words = d.Hello
		}
		if words != "" && strings.HasPrefix(said, words) {
			return i
		}
	}
	return -1
}

// manner is how the servers of the protocol that s speaks treat strangers; empty where that is not known.
func (s server) manner() string {
	d := s.def()
	if d == nil {
		return ""
	}
	first, _, _ := strings.Cut(d.Manners, " ")
	return first
}

// tellsApart tells a server that gives itself away by its manner, though it answers none of what strangers say.
func (s server) tellsApart() bool {
	return s.over == transcript.TCP && strings.Contains(s.manner(), "x") && s.def().Hello != "" && strings.HasPrefix(s.def().Hello, s.opening)
}
