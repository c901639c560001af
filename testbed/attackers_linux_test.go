package testbed_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// expectEnd reads until the server closes, and returns what it said.
func expectEnd(t *testing.T, c net.Conn, within time.Duration) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(within))
	said, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection stays open for %v after %.200q", within, said)
	}
	return string(said)
}

// TestAttackers lets loose what a server on a port that anybody may reach must bear, beside two honest clients.
func TestAttackers(t *testing.T) {
	v := startVictim(t)
	defer v.end(t)
	v.holds(t, "a line of 100 MiB", 16, v.longLine)
	v.holds(t, "noise", 32, v.noise)
	v.holds(t, "connections that say nothing, or half a word", 64, v.halfOpen)
	v.holds(t, "TLS handshakes by the byte", 16, v.slowHandshake)
	v.holds(t, "smuggled requests", 16, v.smuggle)
	v.holds(t, "tokens that are none", 16, v.guess)
	v.holds(t, "a subscriber that does not read", 160, v.noReader)
}

func (v *victim) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (v *victim) longLine(t *testing.T) {
	c := v.dial(t)
	io.WriteString(c, `{"rt":"ping","n":"`)
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 100 {
		if _, err := c.Write(chunk); err != nil {
			break // it was refused on the way, as it should be
		}
	}
	expectEnd(t, c, 10*time.Second) // the error may be lost with what was not read
}

// noise says what is no protocol at all, and what is nearly ours.
func (v *victim) noise(t *testing.T) {
	nearly := []string{
		"{\"rt\":\"sub\",\"topics\":[\"\x00\"]}\n", `{"rt":"sub","topics":[` + strings.Repeat("[", 20000) + "\n", `{"specversion":"1.0","data":` + strings.Repeat(`{"a":`, 10000) + "\n",
		"{\"rt\":\"\x1b[2J\"}\n", `{"specversion":"1.0","id":"\u001b[31m","source":"\u202e","type":"t","topic":"a"}` + "\n", `{"rt":"hello","token":"` + strings.Repeat("t", 30000) + `"}` + "\n",
		`{"rt":"sub","from":"` + strings.Repeat("9", 60000) + `"}` + "\n", `{"rt":"ping","n":1e999999}` + "\n", strings.Repeat("\n", 65000), strings.Repeat("{}\n", 20000),
	}
	for i := range 200 {
		c := v.dial(t)
		if i%2 == 0 {
			junk := make([]byte, 2000)
			_, _ = rand.Read(junk)
			c.Write(junk)
		} else {
			io.WriteString(c, nearly[i/2%len(nearly)])
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		if said := expectEnd(t, c, 20*time.Second); strings.ContainsRune(said, 0x1b) || strings.ContainsRune(said, 0) {
			t.Errorf("control characters are echoed: %q", said)
		}
		c.Close()
	}
}

// halfOpen opens a thousand connections. Whoever says nothing is greeted and may stay; half a word is given 10 s. More than
// one peer may have are turned away in words.
func (v *victim) halfOpen(t *testing.T) {
	var all []net.Conn
	turned := 0
	for i := range 1000 {
		c := v.dial(t)
		if i%2 == 1 {
			io.WriteString(c, `{"rt":`)
		}
		all = append(all, c)
	}
	began := time.Now()
	for i, c := range all {
		switch i % 2 {
		case 0:
			_ = c.SetReadDeadline(began.Add(20 * time.Second))
			line, err := bufio.NewReader(c).ReadString('\n')
			switch {
			case err == nil && strings.Contains(line, `"ready"`):
			case err == nil && strings.Contains(line, `"code":503`), errors.Is(err, io.EOF), isReset(err):
				turned++
			default:
				t.Fatalf("connection %d: %q %v", i, line, err)
			}
		case 1:
			if said := expectEnd(t, c, 30*time.Second); said != "" && !strings.Contains(said, `"code":408`) && !strings.Contains(said, `"code":503`) {
				t.Errorf("half a word gets %q", said)
			}
		}
		c.Close()
	}
	t.Logf("%d of 1000 turned away", turned)
}

func isReset(err error) bool {
	return err != nil && strings.Contains(err.Error(), "connection reset")
}

// secret is a token that must stand in no log, nor in an answer.
const secret = "a-secret-of-this-test-4711"

// guess says a token that is none in every way that there is.
func (v *victim) guess(t *testing.T) {
	for _, say := range []string{
		`{"rt":"hello","client":"x","token":"` + secret + `"}` + "\n", `{"rt":"auth","token":"` + secret + `"}` + "\n", `{"rt":"auth","token":["` + secret + `"]}` + "\n",
		"GET /events?until=live HTTP/1.1\r\nHost: " + v.addr + "\r\nConnection: close\r\nAuthorization: Bearer " + secret + "\r\n\r\n",
		"GET /events?until=live&token=" + secret + " HTTP/1.1\r\nHost: " + v.addr + "\r\nConnection: close\r\n\r\n",
		"GET /events?until=live HTTP/1.1\r\nHost: " + v.addr + "\r\nConnection: close\r\nAuthorization: Basic " + secret + "\r\n\r\n",
	} {
		c := v.dial(t)
		io.WriteString(c, say)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		if said := expectEnd(t, c, 20*time.Second); strings.Contains(said, secret) || said == "" {
			t.Errorf("%.40q is answered by %q", say, said)
		}
	}
}

func (v *victim) slowHandshake(t *testing.T) {
	var slow sync.WaitGroup
	for range 50 {
		c := v.dial(t)
		slow.Go(func() {
			for _, b := range []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03slow slow slow slow slow slow") {
				if _, err := c.Write([]byte{b}); err != nil {
					return // it lost patience
				}
				time.Sleep(400 * time.Millisecond)
			}
			t.Error("a handshake by the byte is still waited for after 12 s")
		})
	}
	slow.Wait()
}

// smuggle sends requests that two readers could read in two ways, and lines hidden in them. No line may be answered.
func (v *victim) smuggle(t *testing.T) {
	const hidden = "{\"rt\":\"sub\"}\n{\"rt\":\"ping\",\"n\":\"smuggled\"}\n"
	for _, head := range []string{
		"Content-Length: 5\r\nContent-Length: 50\r\n",
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"Transfer-Encoding: xchunked\r\n",
		"Content-Length: +5\r\n",
		"Content-Length : 5\r\n",
		"Content-Length: 0\r\n",
		"Expect: 100-continue\r\nContent-Length: 5\r\n",
		"X: a\r\n Content-Length: 5\r\n",
		"Host: 127.0.0.1\r\nHost: evil.example\r\n",
		"Upgrade: h2c\r\nHTTP2-Settings: AAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n",
		"\x00: a\r\n",
	} {
		c := v.dial(t)
		fmt.Fprintf(c, "POST /events HTTP/1.1\r\nHost: %s\r\n%s\r\n0\r\n\r\n%s", v.addr, head, hidden)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		said := expectEnd(t, c, 20*time.Second)
		if strings.Contains(said, "smuggled") || strings.Contains(said, `"ready"`) || strings.Contains(said, "HTTP/1.1 200") {
			t.Errorf("%q: %q", head, said)
		}
	}
}

// noReader subscribes to everything and reads nothing while 40 MB are published. Then it reads: nothing may be missing
// that is not announced.
func (v *victim) noReader(t *testing.T) {
	c, lines, err := v.open(`{"rt":"sub","topics":["flood"]}`)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const events, size = 20000, 2000
	v.flood(t, events, size)
	seen := 0
	for last := 0; seen < events; {
		_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("after %d events: %v", seen, err)
		}
		var e struct {
			RT, ID string
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.RT == "bye" || e.RT == "error" || e.RT == "gap" {
			t.Fatalf("after %d events it is told %s", seen, line)
		}
		if e.RT == "" {
			n, _ := strconv.Atoi(e.ID)
			if n != last+1 {
				t.Fatalf("after event %d comes %d", last, n)
			}
			last = n
			seen++
		}
	}
}

// flood publishes and waits for every acknowledgement.
func (v *victim) flood(t *testing.T, events, size int) {
	t.Helper()
	c, lines, err := v.open("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fill := strings.Repeat("x", size)
	var writing sync.WaitGroup
	defer writing.Wait()
	writing.Go(func() {
		out := bufio.NewWriter(c)
		defer out.Flush()
		for i := range events {
			fmt.Fprintf(out, `{"specversion":"1.0","type":"t","source":"//flood","id":"%d","topic":"flood","data":"%s"}`+"\n", i+1, fill)
		}
	})
	for range events {
		_ = c.SetReadDeadline(time.Now().Add(60 * time.Second))
		line, err := lines.ReadString('\n')
		if err != nil || !strings.Contains(line, `"ack"`) {
			t.Fatalf("the flood is told %q %v", line, err)
		}
	}
}
