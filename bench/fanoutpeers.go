// How each broker is spoken to, with as few words as its protocol allows, so that what is measured is the server.

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"rtevent"
	"rtevent/internal/deliver"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// memoryArgument makes this program a server without a journal.
const memoryArgument = "serve-from-memory"

// serveFromMemory is deliver over a tail and nothing else: the fan-out itself.
func serveFromMemory(address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s, err := deliver.New(deliver.Options{Log: &forgetful{tail: tail.New(64<<20, 0)}, Software: "bench", Node: "bench", Durable: "memory"})
	if err != nil {
		return err
	}
	return s.Run(ctx, deliver.Listener{Listener: l})
}

// forgetful is a journal of the newest events alone.
type forgetful struct {
	mu     sync.Mutex
	tail   *tail.Tail
	newest atomic.Uint64
}

func (f *forgetful) Bounds() wire.Bounds {
	n := f.newest.Load()
	return wire.Bounds{Epoch: "bench", Oldest: n + 1, Newest: n}
}

func (f *forgetful) Publish(p wire.Publication, done func(wire.Ack)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := rtevent.Cursor{Epoch: "bench", Seq: f.newest.Load() + 1}
	f.tail.Append(tail.Line{Seq: at.Seq, Topic: p.Topic, Bytes: wire.Stamp(p.Line, at)})
	f.newest.Store(at.Seq)
	done(wire.Ack{Cursor: at})
}

func (f *forgetful) Tail() *tail.Tail { return f.tail }

func (f *forgetful) Read(context.Context, uint64) iter.Seq2[wire.Entry, error] {
	return func(func(wire.Entry, error) bool) {}
}

func (f *forgetful) State(context.Context, func(string) bool) (uint64, iter.Seq2[wire.Entry, error]) {
	return f.newest.Load(), func(func(wire.Entry, error) bool) {}
}

func (f *forgetful) After(context.Context, time.Time) (uint64, error) { return f.newest.Load(), nil }

// lines is rt-event/1.
type lines struct{}

func (lines) prepare(string, int) error { return nil }

func (l lines) subscribe(c net.Conn, topic int, ready func(), count int) error {
	n := 0
	return l.each(c, topic, ready, func() bool { n++; return n < count })
}

// each calls a function for every event, until it has enough.
func (lines) each(c net.Conn, topic int, ready func(), event func() bool) error {
	filter := ">"
	if topic > 0 {
		filter = fmt.Sprintf("bench.%d", topic)
	}
	if _, err := fmt.Fprintf(c, `{"rt":"sub","topics":["%s"]}`+"\n", filter); err != nil {
		return err
	}
	in := bufio.NewReaderSize(c, 256<<10)
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case bytes.HasPrefix(line, []byte(`{"cursor"`)):
			if !event() {
				return nil
			}
		case bytes.HasPrefix(line, []byte(`{"rt":"live"`)):
			ready()
		}
	}
}

func eventLine(source string, topic, n int) []byte {
	head := fmt.Sprintf(`{"specversion":"1.0","type":"bench","source":"//%s","id":"%d","topic":"bench.%d","data":"`, source, n, topic)
	return []byte(head + payload[:300-len(head)-3] + "\"}\n")
}

func (lines) publish(c net.Conn, topics, count int) error {
	source := strconv.FormatInt(time.Now().UnixNano(), 36)
	var answers sync.WaitGroup
	defer answers.Wait()
	answers.Go(func() { _ = readAnswers(c, []byte(`"rt":"ack"`), count) })
	w := bufio.NewWriterSize(c, 64<<10)
	for n := range count {
		if _, err := w.Write(eventLine(source, topicOf(n, topics), n)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// readAnswers reads until a word has come that often.
func readAnswers(c net.Conn, word []byte, count int) error {
	in := bufio.NewReaderSize(c, 64<<10)
	for count > 0 {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if bytes.Contains(line, word) {
			count--
		}
	}
	return nil
}

// redisPubSub is Redis' fire and forget.
type redisPubSub struct{}

func (redisPubSub) prepare(string, int) error { return nil }

func (redisPubSub) subscribe(c net.Conn, _ int, ready func(), count int) error {
	if _, err := io.WriteString(c, "SUBSCRIBE t\r\n"); err != nil {
		return err
	}
	in := bufio.NewReaderSize(c, 256<<10)
	for range 6 {
		if _, err := in.ReadSlice('\n'); err != nil {
			return err
		}
	}
	ready()
	message := fmt.Sprintf("*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$%d\r\n%s\r\n", len(payload), payload)
	_, err := io.CopyN(io.Discard, in, int64(len(message)*count))
	return err
}

func (redisPubSub) publish(c net.Conn, _, count int) error {
	var answers sync.WaitGroup
	defer answers.Wait()
	answers.Go(func() { _ = readAnswers(c, []byte(":"), count) })
	return repeat(c, fmt.Sprintf("*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$%d\r\n%s\r\n", len(payload), payload), count)
}

func repeat(c net.Conn, words string, count int) error {
	w := bufio.NewWriterSize(c, 64<<10)
	for range count {
		if _, err := w.WriteString(words); err != nil {
			return err
		}
	}
	return w.Flush()
}

// redisStreams is Redis' log, each reader with a cursor of its own.
type redisStreams struct{ key string }

func (r *redisStreams) prepare(string, int) error {
	r.key = "s" + strconv.FormatInt(time.Now().UnixNano(), 36)
	return nil
}

func (r *redisStreams) subscribe(c net.Conn, _ int, ready func(), count int) error {
	in := bufio.NewReaderSize(c, 256<<10)
	ready()
	last := "0-0"
	for count > 0 {
		if _, err := fmt.Fprintf(c, "XREAD COUNT 1000 BLOCK 30000 STREAMS %s %s\r\n", r.key, last); err != nil {
			return err
		}
		// *1, *2, the key, *ENTRIES, and of each entry: *2, its id, *2, the field's name and its value.
		for range 4 {
			if _, err := in.ReadSlice('\n'); err != nil {
				return err
			}
		}
		head, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		entries, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "*")))
		if err != nil {
			return fmt.Errorf("XREAD says %q", head)
		}
		for range entries {
			for i := range 8 {
				line, err := in.ReadSlice('\n')
				if err != nil {
					return err
				}
				if i == 2 {
					last = string(bytes.TrimSpace(line))
				}
			}
		}
		count -= entries
	}
	return nil
}

func (r *redisStreams) publish(c net.Conn, _, count int) error {
	var answers sync.WaitGroup
	defer answers.Wait()
	answers.Go(func() { _ = readAnswers(c, []byte("-"), count) })
	return repeat(c, fmt.Sprintf("*5\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$1\r\n*\r\n$1\r\nd\r\n$%d\r\n%s\r\n", len(r.key), r.key, len(payload), payload), count)
}

// natsCore is NATS without a log.
type natsCore struct{}

func (natsCore) prepare(string, int) error { return nil }

// natsHello says who we are and what is wanted, and waits until it is understood.
func natsHello(c net.Conn, words string) (*bufio.Reader, error) {
	if _, err := io.WriteString(c, `CONNECT {"verbose":false,"lang":"bench","headers":true}`+"\r\n"+words+"PING\r\n"); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(c, 256<<10)
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return in, err
		case strings.HasPrefix(line, "PONG"):
			return in, nil
		case strings.HasPrefix(line, "-ERR"):
			return in, errors.New(line)
		}
	}
}

func (natsCore) subscribe(c net.Conn, topic int, ready func(), count int) error {
	return natsSubscribe(c, fmt.Sprintf("t.%d", topic), ready, count)
}

// natsSubscribe reads events of two lines each.
func natsSubscribe(c net.Conn, subject string, ready func(), count int) error {
	in, err := natsHello(c, "SUB "+subject+" 1\r\n")
	if err != nil {
		return err
	}
	ready()
	for count > 0 {
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case bytes.HasPrefix(line, []byte("MSG ")):
			count--
			if _, err := in.Discard(len(payload) + 2); err != nil {
				return err
			}
		case bytes.HasPrefix(line, []byte("PING")):
			if _, err := io.WriteString(c, "PONG\r\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (natsCore) publish(c net.Conn, topics, count int) error {
	if _, err := natsHello(c, ""); err != nil {
		return err
	}
	w := bufio.NewWriterSize(c, 64<<10)
	for n := range count {
		if _, err := fmt.Fprintf(w, "PUB t.%d %d\r\n%s\r\n", topicOf(n, topics), len(payload), payload); err != nil {
			return err
		}
	}
	return w.Flush()
}

// jetStream is NATS with its log, one consumer a subscriber, as durable as its server is set to be.
type jetStream struct {
	run  string
	next atomic.Int64 // the subscribers take the consumers in turn
}

func (j *jetStream) prepare(address string, n int) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	in, err := natsHello(c, "SUB answers 1\r\n")
	if err != nil {
		return err
	}
	ask := func(subject, words string) error {
		if _, err := fmt.Fprintf(c, "PUB %s answers %d\r\n%s\r\n", subject, len(words), words); err != nil {
			return err
		}
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return err
			}
			if strings.HasPrefix(line, "{") {
				if strings.Contains(line, `"error"`) {
					return errors.New(line)
				}
				return nil
			}
		}
	}
	j.run = "r" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := ask("$JS.API.STREAM.CREATE."+j.run, fmt.Sprintf(`{"name":"%s","subjects":["%s.log"],"storage":"file","num_replicas":1,"retention":"limits","discard":"old"}`, j.run, j.run)); err != nil {
		return err
	}
	for i := range n {
		if err := ask("$JS.API.CONSUMER.CREATE."+j.run, fmt.Sprintf(`{"stream_name":"%s","config":{"deliver_subject":"%s.to.%d","deliver_policy":"new","ack_policy":"none","max_deliver":1,"inactive_threshold":60000000000}}`, j.run, j.run, i)); err != nil {
			return err
		}
	}
	j.next.Store(0)
	return nil
}

func (j *jetStream) subscribe(c net.Conn, _ int, ready func(), count int) error {
	return natsSubscribe(c, fmt.Sprintf("%s.to.%d", j.run, j.next.Add(1)-1), ready, count)
}

// publish keeps 1,000 events unacknowledged.
func (j *jetStream) publish(c net.Conn, _, count int) error {
	in, err := natsHello(c, "SUB acks 1\r\n")
	if err != nil {
		return err
	}
	slots := make(chan struct{}, 1000)
	var answers sync.WaitGroup
	answers.Go(func() {
		for range count {
			for {
				line, err := in.ReadSlice('\n')
				if err != nil {
					return
				}
				if line[0] == '{' {
					break
				}
			}
			<-slots
		}
	})
	w := bufio.NewWriterSize(c, 64<<10)
	for range count {
		select {
		case slots <- struct{}{}:
		default:
			if err := w.Flush(); err != nil {
				return err
			}
			slots <- struct{}{}
		}
		if _, err := fmt.Fprintf(w, "PUB %s.log acks %d\r\n%s\r\n", j.run, len(payload), payload); err != nil {
			return err
		}
	}
	err = w.Flush()
	answers.Wait()
	return err
}
