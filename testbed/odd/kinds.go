package main

import (
	"crypto/rand"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// A kind is one way to treat whoever connects. serve returns when the peer has gone; the connection is then closed.
type kind struct {
	name  string
	does  string
	serve func(net.Conn)
}

var kinds = []kind{
	{"silent", "accepts and never answers", discard},
	{"closes", "closes at once", func(net.Conn) {}},
	{"closes-on-data", "waits, and closes on the first bytes", func(c net.Conn) { c.Read(make([]byte, 1)) }},
	{"echo", "says what it is told", func(c net.Conn) { io.Copy(c, c) }},
	{"line", "answers an error line to everything", answers("", "ERR unknown command\n")},
	{"banner", "greets as nobody known, then answers error lines", answers("rt-event 0.3 ready\r\n", "ERR unknown command\n")},
	{"json", "answers a line of JSON to everything", answers("", `{"error":"bad request","code":400}`+"\n")},
	{"binary", "answers a frame of no known format to everything", answers("", "\x00\x00\x00\x08\x7f\x01\x00\x2a\x00\x00\x00\x01")},
	{"random", "greets with random bytes and answers with others", random},
	{"streams", "talks without end and does not listen", stream},
	{"dribbles", "sends a byte a second", dribble},
	{"264", "answers 264 bytes to everything, the length that one product once had", answers("", errorOf264)},
	{"220", "greets with a bare 220 and answers the same to everything", answers("220\r\n", "220\r\n")},
	{"everything", "answers as a dozen servers at once, whatever is said", answers("", everything)},
	{"escapes", "greets with control characters and terminal escapes", answers(escapes, escapes)},
	{"escapes-http", "is a web server whose name is a terminal escape", answers("", escapesHTTP)},
	{"escapes-ssh", "is an SSH server whose name is a terminal escape", answers("SSH-2.0-\x1b[2J\x1b[31mevil_1.0\x07\r\n", "")},
	{"http", "is a Go web server as it comes", nil},
}

const (
	// escapes sets the window's title, clears the screen, colours, and writes backwards: by seven-bit escapes, by
	// eight-bit ones and by Unicode's right-to-left override.
	escapes = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \u009b31m \u202egnp.exe \x00\x08\x7f\r\n"

	escapesHTTP = "HTTP/1.1 200 OK\r\nServer: \x1b[2Jevil/1.0\x1b[31m\r\nContent-Length: 38\r\n\r\n" +
		"<html><title>\x1b]0;owned\x07</title></html>"

	everything = "SSH-2.0-OpenSSH_9.2p1\r\n220 mail ESMTP Postfix\r\n* OK IMAP4rev1 ready\r\n+OK POP3 ready\r\n" +
		"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n+PONG\r\nVERSION 1.6.18\r\n" +
		"AMQP\x00\x00\x09\x01INFO {\"version\":\"2.9.10\"}\r\n"
)

var errorOf264 = `{"error":"bad request","detail":"` + strings.Repeat("x", 228) + "\"}\n"

func kindNamed(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func discard(c net.Conn) { io.Copy(io.Discard, c) }

// answers greets, and then says the same to whatever comes.
func answers(greeting, reply string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, greeting)
		buf := make([]byte, 4096)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if _, err := io.WriteString(c, reply); err != nil {
				return
			}
		}
	}
}

func random(c net.Conn) {
	noise := make([]byte, 64)
	buf := make([]byte, 4096)
	for {
		rand.Read(noise)
		if _, err := c.Write(noise); err != nil {
			return
		}
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

func stream(c net.Conn) {
	line := strings.Repeat("all work and no play makes a port a dull port\n", 100)
	for {
		if _, err := io.WriteString(c, line); err != nil {
			return
		}
	}
}

func dribble(c net.Conn) {
	for i := 0; ; i++ {
		if _, err := c.Write([]byte{'a' + byte(i%26)}); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}
