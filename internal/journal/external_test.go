package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"rtevent/internal/wire"
)

// The test binary is also a NATS server in a process of its own, as anybody runs one.
const childNATS = "JOURNAL_TEST_NATS"

// And it is one daemon's journal of a cluster.
const childMember = "JOURNAL_TEST_MEMBER"

// natsNode is one of these servers.
type natsNode struct {
	Name, Dir    string
	Client, Peer int // ports
	Peers        []int
}

func serveNATS(spec string) error {
	var n natsNode
	if err := json.Unmarshal([]byte(spec), &n); err != nil {
		return err
	}
	o := &server.Options{ServerName: n.Name, Host: "127.0.0.1", Port: n.Client, JetStream: true, StoreDir: n.Dir, NoSigs: true, SyncAlways: true,
		JetStreamMaxStore: 4 << 30, JetStreamMaxMemory: 64 << 20}
	if n.Peers != nil {
		o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.Peer, NoAdvertise: true, PoolSize: -1}
		for _, p := range n.Peers {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: fmt.Sprint("127.0.0.1:", p)})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		return errors.New("not ready")
	}
	fmt.Println("ready")
	select {}
}

// start runs the server in a process of its own until it is killed, at the end of the test at the latest.
func (n natsNode) start(t *testing.T) *exec.Cmd {
	t.Helper()
	spec, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childNATS+"="+string(spec))
	out := begin(t, c)
	t.Cleanup(func() { kill9(c) })
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the server did not start")
	}
	return c
}

func kill9(c *exec.Cmd) {
	_ = c.Process.Signal(syscall.SIGKILL)
	_ = c.Wait()
}

func (n natsNode) url() string { return fmt.Sprint("nats://127.0.0.1:", n.Client) }

// freePorts returns ports on which nobody listens at the moment.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// three makes the specifications of a cluster of three.
func three(t *testing.T) (nodes []natsNode, urls string) {
	t.Helper()
	ports := freePorts(t, 6)
	var all []string
	for i := range 3 {
		n := natsNode{Name: fmt.Sprint("node", i), Dir: t.TempDir(), Client: ports[i], Peer: ports[3+i], Peers: ports[3:]}
		nodes, all = append(nodes, n), append(all, n.url())
	}
	return nodes, strings.Join(all, ",")
}

// caughtUp waits until a journal shows a number.
func caughtUp(t *testing.T, j *Journal, newest uint64) {
	t.Helper()
	for began := time.Now(); j.Bounds().Newest < newest; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the journal shows %d, want %d", j.Bounds().Newest, newest)
		}
	}
}

func TestExternal(t *testing.T) {
	node := natsNode{Name: "one", Dir: t.TempDir(), Client: freePorts(t, 1)[0]}
	process := node.start(t)
	a, _ := running(t, Options{Engine: node.url()})
	b, stopB := running(t, Options{Engine: node.url()})
	if a.epoch != b.epoch || a.Durability() != Engine {
		t.Errorf("epochs %s and %s, durability %s", a.epoch, b.epoch, a.Durability())
	}
	var events []wire.Publication
	for i := range 1000 {
		events = append(events, event(fmt.Sprint("t.", i%10), fmt.Sprint(i)))
	}
	for i, ack := range append(publish(t, a, events[:500]...), publish(t, b, events[500:]...)...) {
		if ack.Err != nil || ack.Duplicate || ack.Cursor.Seq != uint64(i+1) {
			t.Fatalf("acknowledgement %d: %+v", i, ack)
		}
	}
	for _, j := range []*Journal{a, b} {
		caughtUp(t, j, 1000)
		if entries, gaps := history(t, j, 0); len(entries) != 1000 || len(gaps) > 0 || idOf(entries[999].Line) != "999" {
			t.Errorf("%d entries, gaps %v", len(entries), gaps)
		}
		if got := states(t, j, func(topic string) bool { return topic == "t.3" || topic == "t.9" }); got != "994 t.3, 1000 t.9" {
			t.Errorf("state %s", got)
		}
		if after, newest := j.Tail().Bounds(); after != 0 || newest != 1000 {
			t.Errorf("the tail has %d to %d", after, newest)
		}
	}
	// The same event by both at the same time is stored once.
	acks := make(chan wire.Ack, 2)
	for _, j := range []*Journal{a, b} {
		go j.Publish(event("t", "twice"), func(a wire.Ack) { acks <- a })
	}
	if x, y := <-acks, <-acks; x.Cursor.Seq != 1001 || y.Cursor.Seq != 1001 || x.Duplicate == y.Duplicate {
		t.Errorf("%+v, %+v", x, y)
	}
	stopB()

	kill9(process)
	answers := make(chan wire.Ack, 1)
	a.Publish(event("t", "meanwhile"), func(a wire.Ack) { answers <- a })
	time.Sleep(time.Second)
	node.start(t)
	if ack := <-answers; ack.Err != nil || ack.Cursor.Seq != 1002 || ack.Cursor.Epoch != a.epoch {
		t.Errorf("published while the engine was away: %+v", ack)
	}
	caughtUp(t, a, 1002)
}

// TestExternalCluster kills the leader of a cluster of three while it is written to.
func TestExternalCluster(t *testing.T) {
	nodes, urls := three(t)
	processes := map[string]*exec.Cmd{}
	for _, n := range nodes {
		processes[n.Name] = n.start(t)
	}
	j, stop := running(t, Options{Engine: urls, Replicas: 3})
	leader := ""
	acks, longest := publishThrough(t, j, func() {
		info, err := j.engine.Load().log.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leader = info.Cluster.Leader
		kill9(processes[leader])
	})
	t.Logf("%d acknowledged; without %s nothing was for %v", len(acks), leader, longest.Round(time.Millisecond))
	caughtUp(t, j, acks[len(acks)-1].seq)
	holds(t, j, acks)
	stop()

	for _, n := range nodes {
		if n.Name == leader {
			n.start(t)
		}
	}
	j, _ = running(t, Options{Engine: urls, Replicas: 3})
	holds(t, j, acks)
}

// publishThrough publishes in a steady stream, does something in the midst of it, goes on for as long as the engine needs
// to recover, and returns what was acknowledged and the longest time in which nothing was. An engine that did not need
// whom it lost is not silent at all: then it goes on for a while.
func publishThrough(t *testing.T, j *Journal, fault func()) (acks []acked, longest time.Duration) {
	t.Helper()
	stored := make(chan acked, 1<<16)
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Microsecond):
			}
			id := fmt.Sprint("steady.", i)
			j.Publish(event(fmt.Sprint("t.", i%20), id), func(a wire.Ack) {
				if a.Err == nil {
					stored <- acked{id, a.Cursor.Seq, a.Cursor.Epoch}
				}
			})
		}
	}()
	began, last := time.Now(), time.Now()
	faulted, recovered := false, time.Time{}
	var unmoved <-chan time.Time
	for recovered.IsZero() || time.Since(recovered) < 2*time.Second {
		if !faulted && time.Since(began) > time.Second && len(acks) > 0 {
			fault()
			faulted, last = true, time.Now()
			unmoved = time.After(10 * time.Second)
		}
		select {
		case a := <-stored:
			acks = append(acks, a)
			if quiet := time.Since(last); faulted && quiet > longest {
				longest = quiet
			}
			last = time.Now()
			if faulted && recovered.IsZero() && longest > 500*time.Millisecond {
				recovered = time.Now()
			}
		case <-unmoved:
			if recovered.IsZero() && time.Since(last) < 500*time.Millisecond {
				recovered = time.Now()
			}
		case <-time.After(10 * time.Millisecond):
		}
		if time.Since(began) > 40*time.Second {
			t.Fatalf("nothing is acknowledged any more: %d were", len(acks))
		}
	}
	close(stop)
	<-ended
	return acks, longest
}

// TestCluster is the same with the servers inside three daemons' own processes.
func TestCluster(t *testing.T) {
	ports := freePorts(t, 3)
	var all []string
	for _, p := range ports {
		all = append(all, fmt.Sprint("127.0.0.1:", p))
	}
	member := func(i int) Options {
		return Options{Dir: t.TempDir(), Cluster: &Cluster{Name: fmt.Sprint("daemon", i), Listen: all[i], Peers: all, User: "routes", Secret: "s3cret"}}
	}
	children := map[string]*child{}
	for i := range 2 {
		children[fmt.Sprint("daemon", i)] = startMember(t, member(i))
	}
	j, _ := running(t, member(2))
	victim := ""
	acks, longest := publishThrough(t, j, func() {
		info, err := j.engine.Load().log.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if victim = info.Cluster.Leader; children[victim] == nil {
			victim = "daemon0" // this process leads itself
		}
		children[victim].kill()
	})
	t.Logf("%d acknowledged; without %s nothing was for %v", len(acks), victim, longest.Round(time.Millisecond))
	caughtUp(t, j, acks[len(acks)-1].seq)
	holds(t, j, acks)
}

// startMember runs a journal that is one of a cluster in a process of its own.
func startMember(t *testing.T, o Options) *child {
	t.Helper()
	spec, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childMember+"="+string(spec))
	begin(t, c.Cmd)
	t.Cleanup(func() { kill9(c.Cmd) })
	return c
}

func runMember(spec string) error {
	var o Options
	if err := json.Unmarshal([]byte(spec), &o); err != nil {
		return err
	}
	j, err := Open(o)
	if err != nil {
		return err
	}
	return j.Run(context.Background())
}
