// A tiny server of lines, written from docs/rt-event.md alone, that can be told to break a statement: what a kit is worth
// shows only on servers that are wrong.

package conform

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

const tinyMax = 8192

// tiny keeps its journal in memory.
type tiny struct {
	fault string // the statement to break

	mu     sync.Mutex
	events []tinyEvent // numbered from 1
	grown  chan struct{}
}

type tinyEvent struct {
	topic, kind, key string
	line             map[string]json.RawMessage
	stored           time.Time
}

// serveTiny starts one that ends with the test, and returns its address.
func serveTiny(t *testing.T, fault string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &tiny{fault: fault, grown: make(chan struct{})}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { (&tinyConn{tiny: s, Conn: c, done: make(chan struct{})}).serve() })
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l.Addr().String()
}

type tinyConn struct {
	*tiny
	net.Conn
	mu         sync.Mutex
	subscribed bool
	at         uint64
	done       chan struct{}
	sending    sync.WaitGroup
}

func (c *tinyConn) send(v any) {
	b, _ := json.Marshal(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Write(append(b, '\n'))
}

type word map[string]any

func (c *tinyConn) fail(code int, name string, more word) {
	w := word{"rt": "error", "code": code, "name": name, "retry": "no", "text": "no"}
	for k, v := range more {
		w[k] = v
	}
	c.send(w)
}

func (c *tinyConn) serve() {
	defer c.sending.Wait()
	defer close(c.done)
	defer c.Close()
	r := bufio.NewReaderSize(c.Conn, tinyMax)
	if c.fault != "RTE-5.2-1" {
		c.SetReadDeadline(time.Now().Add(1500 * time.Millisecond))
	}
	first, err := r.Peek(1)
	if err != nil && !isTimeout(err) {
		return
	}
	if err == nil && !strings.Contains("{ \t\r\n", string(first)) {
		c.fail(400, "bad-line", nil)
		return
	}
	ready := word{"rt": "ready", "protocol": "rt-event/1", "software": "tiny/1", "epoch": "tiny1", "seq": len(c.events), "max": tinyMax}
	if c.fault == "RTE-5.3-2" {
		delete(ready, "epoch")
	}
	c.send(ready)
	for {
		line, ok := c.read(r)
		if !ok || !c.take(line) {
			return
		}
	}
}

// read reads a line; one that was begun is given 10 s.
func (c *tinyConn) read(r *bufio.Reader) ([]byte, bool) {
	c.SetReadDeadline(time.Time{})
	if _, err := r.Peek(1); err != nil {
		return nil, false
	}
	if c.fault != "RTE-5.6-1" {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
	}
	line, err := r.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		if c.fault == "RTE-4.1-4" {
			io.Copy(io.Discard, r)
		}
		c.fail(413, "too-long", nil)
		return nil, false
	case err != nil && isTimeout(err):
		c.fail(408, "too-slow", nil)
		return nil, false
	}
	return bytes.TrimSpace(line), err == nil
}

func (c *tinyConn) take(line []byte) bool {
	if len(line) == 0 {
		return true
	}
	object, err := tinyObject(line, c.fault)
	_, control := object["rt"]
	_, event := object["specversion"]
	if err != nil || control == event {
		c.fail(400, "bad-line", nil)
		return c.fault != "RTE-4.1-3"
	}
	if event {
		c.publish(object)
		return true
	}
	var name string
	if json.Unmarshal(object["rt"], &name) != nil {
		c.fail(400, "bad-line", nil)
		return true
	}
	return c.word(name, object)
}

func (c *tinyConn) word(name string, object map[string]json.RawMessage) bool {
	switch name {
	case "ping":
		pong := word{"rt": "pong"}
		if n, ok := object["n"]; ok && c.fault != "RTE-6-3" {
			pong["n"] = n
		}
		c.send(pong)
	case "help":
		c.send(word{"rt": "help", "lines": []string{`{"rt":"sub"}`}})
	case "hello", "auth":
		var protocol *string
		json.Unmarshal(object["protocol"], &protocol)
		if protocol != nil && *protocol != "rt-event/1" && c.fault != "RTE-6-2" {
			c.fail(505, "bad-version", nil)
			return true
		}
		c.send(word{"rt": "ok"})
	case "bye":
		bye := word{"rt": "bye"}
		c.mu.Lock()
		if c.subscribed && c.fault != "RTE-7-2" {
			bye["at"] = tinyCursor(c.at)
		}
		c.mu.Unlock()
		c.send(bye)
		return false
	case "sub":
		c.sub(object)
	default:
		c.fail(404, "unknown-word", nil)
		return c.fault != "RTE-4.2-2"
	}
	return true
}

func tinyCursor(n uint64) string { return "tiny1." + strconv.FormatUint(n, 10) }

// tinyObject reads one JSON object in which no name comes twice.
func tinyObject(line []byte, fault string) (map[string]json.RawMessage, error) {
	if !utf8.Valid(line) && fault != "RTE-4.1-6" {
		return nil, fmt.Errorf("not UTF-8")
	}
	var object map[string]json.RawMessage
	if bytes.Count(line, []byte("[")) > 1000 {
		return nil, fmt.Errorf("nested too deeply")
	}
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.Token()
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil || seen[name.(string)] && fault != "RTE-4.1-5" {
			return nil, fmt.Errorf("a name twice")
		}
		seen[name.(string)] = true
	}
	for name, value := range object {
		if string(value) == "null" && fault != "RTE-4.2-4" {
			delete(object, name)
		}
	}
	return object, nil
}

func (c *tinyConn) publish(object map[string]json.RawMessage) {
	text := func(name string) (s string) {
		json.Unmarshal(object[name], &s)
		return s
	}
	about := word{}
	for _, name := range []string{"source", "id"} {
		if text(name) != "" && c.fault != "RTE-9-7" {
			about[name] = text(name)
		}
	}
	topic := text("topic")
	if _, given := object["topic"]; !given {
		topic = text("type")
	}
	switch _, placed := object["cursor"]; {
	case text("specversion") != "1.0", text("id") == "", text("source") == "", text("type") == "" && c.fault != "RTE-9-1",
		placed && c.fault != "RTE-9-3", !tinyFilter(topic, false), !tinyAttributes(object):
		c.fail(422, "bad-event", about)
		return
	}
	topicJSON, _ := json.Marshal(topic)
	if object["topic"] = topicJSON; c.fault == "RTE-9-5" {
		delete(object, "subject")
	}
	at, duplicate := c.store(tinyEvent{topic, text("type"), text("source") + "\x00" + text("id"), object, time.Now()})
	ack := word{"rt": "ack", "source": text("source"), "id": text("id"), "at": tinyCursor(at)}
	if duplicate {
		ack["duplicate"] = true
	}
	if c.fault == "RTE-9-4" {
		delete(ack, "at")
	}
	c.send(ack)
}

func tinyAttributes(object map[string]json.RawMessage) bool {
	for name, value := range object {
		if name == "time" {
			var at time.Time
			if json.Unmarshal(value, &at) != nil {
				return false
			}
		}
		if name != "data" && strings.ContainsAny(string(value[:1]), "{[") {
			return false
		}
	}
	return true
}

func (s *tiny) store(e tinyEvent) (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != "RTE-9-6" {
		if i := slices.IndexFunc(s.events, func(have tinyEvent) bool { return have.key == e.key }); i >= 0 {
			return uint64(i + 1), true
		}
	}
	s.events = append(s.events, e)
	close(s.grown)
	s.grown = make(chan struct{})
	return uint64(len(s.events)), false
}

func tinyFilter(s string, wild bool) bool {
	tokens := strings.Split(s, ".")
	if len(s) > 255 || len(tokens) > 16 {
		return false
	}
	for i, token := range tokens {
		if wild && (token == "*" || token == ">" && i == len(tokens)-1) {
			continue
		}
		if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`*>"\`, r) }) {
			return false
		}
	}
	return true
}
