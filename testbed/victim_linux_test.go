package testbed_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// victim is a server and two honest clients of it, one that publishes and one that listens, while others attack.
type victim struct {
	addr string
	pid  int
	log  *syncBuffer

	stop    chan struct{}
	working sync.WaitGroup
	sent    atomic.Int64
	slowest atomic.Int64 // from publish to receipt, in ns
	failed  chan error
}

// syncBuffer is what a process writes.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// startVictim starts `rtevent serve` as a process of its own, so that what it costs can be told from what the attackers do.
func startVictim(t *testing.T) *victim {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{addr: l.Addr().String(), log: &syncBuffer{}, stop: make(chan struct{}), failed: make(chan error, 2)}
	l.Close()
	certs := filepath.Join(t.TempDir(), "certs")
	if out, err := exec.Command(rteventPath, "cert", certs).CombinedOutput(); err != nil {
		t.Fatalf("rtevent cert: %v: %s", err, out)
	}
	cmd := exec.Command(rteventPath, "serve", "-v", "--no-watch", "--data", filepath.Join(t.TempDir(), "journal"), "--listen", v.addr,
		"--tls-listen", "127.0.0.1:0", "--cert", filepath.Join(certs, "server.pem"), "--key", filepath.Join(certs, "server-key.pem"))
	cmd.Stderr = v.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v.pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve: %v\n%s", err, v.log)
		}
	})
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", v.addr)
		if err == nil {
			c.Close()
			break
		}
		if time.Now().After(until) {
			t.Fatalf("serve does not come up: %v\n%s", err, v.log)
		}
	}
	v.working.Go(v.listen)
	return v
}

// listen is the honest subscriber: every event must come, once, in order. It starts the honest publisher when it is live.
func (v *victim) listen() {
	c, lines, err := v.open(`{"rt":"sub","topics":["honest.>"],"mark":5}`)
	if err != nil {
		v.failed <- err
		return
	}
	defer c.Close()
	v.working.Go(v.publish)
	for next := int64(1); ; {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		line, err := lines.ReadBytes('\n')
		if err != nil {
			v.failed <- fmt.Errorf("the honest subscriber: %w", err)
			return
		}
		var e struct {
			RT   string
			Data struct{ N, At int64 }
		}
		if err := json.Unmarshal(line, &e); err != nil {
			v.failed <- err
			return
		}
		switch {
		case e.RT == "" && e.Data.N == 0:
			return // the last
		case e.RT == "" && e.Data.N != next:
			v.failed <- fmt.Errorf("the honest subscriber gets %d, want %d", e.Data.N, next)
			return
		case e.RT == "":
			next++
			v.slowest.Store(max(v.slowest.Load(), time.Now().UnixNano()-e.Data.At))
		case e.RT == "error", e.RT == "bye", e.RT == "gap":
			v.failed <- fmt.Errorf("the honest subscriber is told %s", line)
			return
		}
	}
}

// publish is the honest publisher: an event every 20 ms, and one numbered 0 at the end.
func (v *victim) publish() {
	c, lines, err := v.open("")
	if err != nil {
		v.failed <- err
		return
	}
	defer c.Close()
	for n, last := int64(1), false; !last; n++ {
		select {
		case <-v.stop:
			n, last = 0, true
		case <-time.After(20 * time.Millisecond):
		}
		fmt.Fprintf(c, `{"specversion":"1.0","type":"t","source":"//honest","id":"%d","topic":"honest.n","data":{"n":%d,"at":%d}}`+"\n", n, n, time.Now().UnixNano())
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, `"ack"`) {
			v.failed <- fmt.Errorf("the honest publisher is told %q %w", line, err)
			return
		}
		v.sent.Add(1)
	}
}

// open opens a connection of lines, says something, and reads the greeting.
func (v *victim) open(say string) (net.Conn, *bufio.Reader, error) {
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		return nil, nil, err
	}
	lines := bufio.NewReader(c)
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err = io.WriteString(c, say+"\n"); err == nil {
		_, err = lines.ReadBytes('\n')
	}
	_ = c.SetDeadline(time.Time{})
	return c, lines, err
}

// end ends the honest clients and holds what they saw.
func (v *victim) end(t *testing.T) {
	t.Helper()
	close(v.stop)
	v.working.Wait()
	select {
	case err := <-v.failed:
		t.Error(err)
	default:
	}
	t.Logf("%d honest events, the slowest took %v", v.sent.Load(), time.Duration(v.slowest.Load()).Round(time.Millisecond))
	if slowest := time.Duration(v.slowest.Load()); slowest > 3*time.Second {
		t.Errorf("an honest event took %v", slowest)
	}
	if strings.Contains(v.log.String(), secret) {
		t.Errorf("a token stands in the log: %s", v.log)
	}
	if strings.ContainsFunc(v.log.String(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
		t.Errorf("the log has control characters: %q", v.log)
	}
}

// memory is how much the server holds, in MiB.
func (v *victim) memory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib / 1024
}

// holds runs an attack and holds that the server's memory stays within that many MiB of what it was.
func (v *victim) holds(t *testing.T, name string, most int, attack func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		before := v.memory(t)
		peak, done, watching := before, make(chan struct{}), sync.WaitGroup{}
		watching.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					peak = max(peak, v.memory(t))
				}
			}
		})
		attack(t)
		close(done)
		watching.Wait()
		t.Logf("memory: %d MiB before, %d at most", before, peak)
		if peak > before+most {
			t.Errorf("memory went from %d MiB to %d, may grow by %d", before, peak, most)
		}
	})
}
