// What it costs to tell an event to many, side by side with the brokers that people use today: server CPU a delivery, from
// /proc, with raw publishers and subscribers over loopback.

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rtevent/testbed"
)

// payload is what each event carries: about 300 bytes in all.
var payload = strings.Repeat("x", 300)

// broker is a server under measurement, and how it is spoken to.
type broker struct {
	name    string
	command []string
	address string
	dialect dialect
	process *exec.Cmd
}

// dialect is the least that a broker's clients must say.
type dialect interface {
	// prepare makes what n subscribers need, if anything.
	prepare(address string, n int) error

	// subscribe subscribes to a topic, or to all when that is 0, calls ready, and then reads count events.
	subscribe(c net.Conn, topic int, ready func(), count int) error

	// publish sends count events, on the topics in turn, and reads the answers that there are.
	publish(c net.Conn, topics, count int) error
}

// topicOf is the topic of the nth subscriber or event: each in turn where there are several.
func topicOf(n, topics int) int {
	if topics == 1 {
		return 0
	}
	return n%topics + 1
}

// fanout measures one event to 100, 10 and 1, and to 100 that each filter one topic of a hundred.
func (b bench) fanout(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rtevent-fanout-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	brokers, err := b.brokers(ctx, dir)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range brokers {
			s.stop()
		}
	}()
	for _, subscribers := range []int{100, 10, 1} {
		costs := map[string]time.Duration{}
		for _, s := range brokers {
			cost, rate, err := s.measure(subscribers, 1, max(20_000, 200_000/subscribers/10))
			if err != nil {
				skipped(fmt.Sprintf("1 to %d, %s", subscribers, s.name), err)
				continue
			}
			costs[s.name] = cost
			fmt.Printf("%-44s %9.3f us   CPU a delivery, %.0f k/s\n", fmt.Sprintf("1 to %d, %s", subscribers, s.name), float64(cost)/1e3, rate/1e3)
		}
		compare(subscribers, costs)
	}
	for _, s := range brokers {
		if s.name == "rtevent, no journal" || s.name == "NATS core" {
			cost, _, err := s.measure(100, 100, 20_000)
			if err != nil {
				skipped("100 filters, "+s.name, err)
				continue
			}
			fmt.Printf("%-44s %9.3f us   CPU a delivery\n", "100 filters of 100 topics, "+s.name, float64(cost)/1e3)
		}
	}
	return errors.Join(brokers[0].idle(10_000), brokers[0].latency(ctx))
}

// compare holds the costs against what is promised.
func compare(subscribers int, costs map[string]time.Duration) {
	ratio := func(a, b string, most float64) {
		if costs[a] == 0 || costs[b] == 0 {
			return
		}
		r := float64(costs[a]) / float64(costs[b])
		figure(fmt.Sprintf("  1 to %d, %s : %s", subscribers, a, b), fmt.Sprintf("%.2f", r), fmt.Sprintf("<= %.2f", most), r <= most, "")
	}
	if subscribers == 100 {
		ratio("rtevent, no journal", "Redis pub/sub", 1./3)
		ratio("rtevent, no journal", "NATS core", 1./8)
		ratio("rtevent", "Redis pub/sub", 1)
		ratio("rtevent", "JetStream", 0.1)
		ratio("rtevent", "Redis Streams", 0.1)
		return
	}
	ratio("rtevent", "JetStream", 1)
	ratio("rtevent", "JetStream, synced", 1) // which promises the same
}

// brokers starts them all.
func (b bench) brokers(ctx context.Context, dir string) ([]*broker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	nats, err := testbed.Build(ctx, dir, "github.com/nats-io/nats-server/v2")
	if err != nil {
		return nil, err
	}
	port := func() string { return strconv.Itoa(freePort()) }
	p := [6]string{port(), port(), port(), port(), port(), port()}
	synced := filepath.Join(dir, "synced.conf")
	if err := os.WriteFile(synced, fmt.Appendf(nil, "jetstream { store_dir: %q, sync_interval: always }\n", filepath.Join(dir, "synced")), 0o600); err != nil {
		return nil, err
	}
	all := []*broker{
		{name: "rtevent", dialect: lines{}, address: p[0], command: []string{b.rtevent, "serve", "--no-watch", "--data", filepath.Join(dir, "rtevent"), "--listen", "127.0.0.1:" + p[0]}},
		{name: "rtevent, no journal", dialect: lines{}, address: p[1], command: []string{self, memoryArgument, "127.0.0.1:" + p[1]}},
		{name: "Redis pub/sub", dialect: redisPubSub{}, address: p[2], command: []string{"redis-server", "--port", p[2], "--save", "", "--bind", "127.0.0.1"}},
		{name: "NATS core", dialect: natsCore{}, address: p[3], command: []string{nats, "-a", "127.0.0.1", "-p", p[3]}},
		{name: "JetStream", dialect: &jetStream{}, address: p[4], command: []string{nats, "-a", "127.0.0.1", "-p", p[4], "-js", "-sd", filepath.Join(dir, "js")}},
		{name: "JetStream, synced", dialect: &jetStream{}, address: p[5], command: []string{nats, "-a", "127.0.0.1", "-p", p[5], "-c", synced}},
	}
	streams := *all[2]
	streams.name, streams.dialect = "Redis Streams", &redisStreams{}
	streams.address = port()
	streams.command = []string{"redis-server", "--port", streams.address, "--save", "", "--bind", "127.0.0.1", "--appendonly", "yes", "--dir", dir}
	all = append(all, &streams)
	for _, s := range all {
		s.address = "127.0.0.1:" + s.address
		if err := s.start(ctx); err != nil {
			return all, fmt.Errorf("start %s: %w", s.name, err)
		}
	}
	return all, nil
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *broker) start(ctx context.Context) error {
	s.process = exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	if err := s.process.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", s.address)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

func (s *broker) stop() {
	if s.process != nil && s.process.Process != nil {
		_ = s.process.Process.Signal(os.Interrupt)
		_ = s.process.Wait()
	}
}

// measure publishes count events to the subscribers, and returns the server's CPU time a delivery and the deliveries a
// second. With several topics, each subscriber wants one of them.
func (s *broker) measure(subscribers, topics, count int) (time.Duration, float64, error) {
	if err := s.dialect.prepare(s.address, subscribers); err != nil {
		return 0, 0, err
	}
	each := count / topics
	var ready, done sync.WaitGroup
	errs := make([]error, subscribers)
	for i := range subscribers {
		c, err := s.dial()
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		ready.Add(1)
		isReady := sync.OnceFunc(ready.Done)
		done.Go(func() {
			errs[i] = s.dialect.subscribe(c, topicOf(i, topics), isReady, each)
			isReady()
		})
	}
	ready.Wait()
	time.Sleep(200 * time.Millisecond)
	c, err := s.dial()
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	before, began := cpuTime(s.process.Process.Pid), time.Now()
	err = s.dialect.publish(c, topics, each*topics)
	done.Wait()
	took := time.Since(began)
	cost := cpuTime(s.process.Process.Pid) - before
	deliveries := subscribers * each
	return cost / time.Duration(deliveries), float64(deliveries) / took.Seconds(), errors.Join(append(errs, err)...)
}

func (s *broker) dial() (net.Conn, error) {
	c, err := net.Dial("tcp", s.address)
	if err == nil {
		err = c.SetDeadline(time.Now().Add(time.Minute))
	}
	return c, err
}

// cpuTime is what a process has used, in user and kernel mode.
func cpuTime(pid int) time.Duration {
	const tick = 10 * time.Millisecond
	_, fields, _ := strings.Cut(readFile(fmt.Sprintf("/proc/%d/stat", pid)), ") ")
	f := strings.Fields(fields)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * tick
}

func readFile(name string) string {
	b, _ := os.ReadFile(name)
	return string(b)
}

// residentBytes is the memory of a process.
func residentBytes(pid int) int {
	f := strings.Fields(readFile(fmt.Sprintf("/proc/%d/statm", pid)))
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(f[1])
	return pages * os.Getpagesize()
}

// idle measures what a subscriber costs that nothing is sent to.
func (s *broker) idle(count int) error {
	before := residentBytes(s.process.Process.Pid)
	for range count {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Write([]byte(`{"rt":"sub","topics":["nothing.here"],"mark":300}` + "\n")); err != nil {
			return err
		}
	}
	time.Sleep(2 * time.Second)
	each := (residentBytes(s.process.Process.Pid) - before) / count
	figure(fmt.Sprintf("%d idle subscribers, each", count), fmt.Sprintf("%.1f KiB", float64(each)/1024), "< 20 KiB", each < 20<<10, "")
	return nil
}

// latency measures from publishing to receiving at 1,000 events a second.
func (s *broker) latency(ctx context.Context) error {
	sub, err := s.dial()
	if err != nil {
		return err
	}
	defer sub.Close()
	pub, err := s.dial()
	if err != nil {
		return err
	}
	defer pub.Close()
	const count = 4_000
	sent := make([]time.Time, count)
	took := make([]time.Duration, 0, count)
	ready := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		n := 0
		err = lines{}.each(sub, 0, func() { close(ready) }, func() bool {
			took = append(took, time.Since(sent[n]))
			n++
			return n < count
		})
	})
	<-ready
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	for n := range count {
		<-tick.C
		sent[n] = time.Now()
		if _, err := pub.Write(eventLine("latency-"+run, 0, n)); err != nil {
			return err
		}
	}
	reading.Wait()
	if err != nil || len(took) < count {
		return fmt.Errorf("latency: %d of %d came: %w", len(took), count, err)
	}
	slices.Sort(took)
	p99 := took[count*99/100]
	figure("latency at 1,000 events/s, p99", ms(p99), "< 2 ms", p99 < 2*time.Millisecond, "p50 "+ms(took[count/2])+", at the default durability")
	return ctx.Err()
}
