package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestKinds asks every kind over TCP and holds it to what it says it does.
func TestKinds(t *testing.T) {
	want := map[string]string{
		"silent": "", "closes": "", "closes-on-data": "", "echo": "hello\n", "line": "ERR unknown command\n",
		"banner": "rt-event 0.3 ready\r\nERR", "json": `{"error":`, "binary": "\x00\x00\x00\x08", "random": "",
		"streams": "all work", "dribbles": "a", "264": errorOf264, "220": "220\r\n220\r\n", "everything": everything,
		"escapes": escapes, "escapes-http": escapesHTTP, "escapes-ssh": "SSH-2.0-\x1b", "http": "HTTP/1.1 400",
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			expected, ok := want[k.name]
			if !ok {
				t.Fatal("this kind is not tested")
			}
			got := ask(t, k.name, len(expected))
			if !strings.HasPrefix(got, expected) {
				t.Errorf("got %q, want it to begin with %q", got, expected)
			}
		})
	}
	if n := len(errorOf264); n != 264 {
		t.Errorf("the reply of kind 264 has %d bytes", n)
	}
	if _, body, _ := strings.Cut(escapesHTTP, "\r\n\r\n"); len(body) != 38 {
		t.Errorf("the page of escapes-http has %d bytes and says 38", len(body))
	}
}

// ask starts a server of this kind, says hello and reads n bytes.
func ask(t *testing.T, kind string, n int) string {
	t.Helper()
	out, in := io.Pipe()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- serveTCP(kind, false, counted{ln, in, new(int)}) }()
	lines := bufio.NewScanner(out)
	lines.Scan()
	c, err := net.Dial("tcp", strings.TrimPrefix(lines.Text(), "listening on "))
	if err != nil {
		t.Fatal(err)
	}
	if lines.Scan(); !strings.HasPrefix(lines.Text(), "connection 1 from 127.0.0.1:") {
		t.Errorf("the connection was reported as %q", lines.Text())
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, "hello\n")
	reply := make([]byte, n)
	n, _ = io.ReadFull(c, reply)
	c.Close()
	ln.Close()
	<-done
	return string(reply[:n])
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{}, {"silent"}, {"nonsense", "127.0.0.1:0"}, {"-udp", "http", "127.0.0.1:0"}, {"silent", "nowhere"}, {"-nonsense"}} {
		if run(args, io.Discard, io.Discard) == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
