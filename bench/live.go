package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtevent/internal/observe"
)

// told is what the bench reads of an event of `rtevent watch --json`.
type told struct {
	Type string
	Data struct {
		Listener struct {
			Address string
			Port    uint16
			Holders []holder
			Finding struct{ Protocol string }
		}
		What, Why string
	}
	came time.Time
}

type holder struct {
	PID int
	Exe string
}

func (t told) kind() string { return strings.TrimPrefix(t.Type, "rtevent.listener.") }

// watching is an `rtevent watch` at work.
type watching struct {
	cmd    *exec.Cmd // nil in this process
	cancel context.CancelFunc
	events chan told
	ended  chan struct{}
}

// startWatching waits until a listener that opens is told: then everything is in place.
func (b bench) startWatching(ctx context.Context, flags ...string) (*watching, error) {
	w := &watching{
		cmd:    exec.CommandContext(ctx, b.rtevent, append([]string{"watch", "--json", "--new-only"}, flags...)...),
		events: make(chan told, 1<<20),
		ended:  make(chan struct{}),
	}
	w.cmd.Cancel = func() error { return w.cmd.Process.Signal(os.Interrupt) }
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go w.read(out)
	const patience = 20 // seconds
	for range patience {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		_, found := w.next(time.Second, "opened", uint16(l.Addr().(*net.TCPAddr).Port))
		l.Close()
		if found {
			return w, nil
		}
	}
	w.stop()
	return nil, fmt.Errorf("rtevent watch tells nothing for %d s", patience)
}

func (w *watching) read(out io.Reader) {
	defer close(w.ended)
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		t := told{came: time.Now()}
		if json.Unmarshal(line, &t) == nil {
			w.events <- t
		}
	}
}

// next waits for an event of one port; 0 is any.
func (w *watching) next(patience time.Duration, kind string, port uint16) (told, bool) {
	deadline := time.After(patience)
	for {
		select {
		case t := <-w.events:
			if t.kind() == kind && (port == 0 || t.Data.Listener.Port == port) {
				return t, true
			}
		case <-deadline:
			return told{}, false
		case <-w.ended:
			return told{}, false
		}
	}
}

func (w *watching) stop() {
	if w.cmd != nil {
		w.cmd.Process.Signal(os.Interrupt)
		defer w.cmd.Wait()
	} else {
		w.cancel()
	}
	go func() {
		for range w.events {
		}
	}()
	<-w.ended
	close(w.events)
}

// stormArgument makes this program the one that storms.
const stormArgument = "storm"

// storms has everything seen of 100,000 listeners that close at once, from one process and from each of four.
func (b bench) storms(ctx context.Context) error {
	const count = 100_000
	for _, processes := range []int{1, 4} {
		what := fmt.Sprintf("%d x %d listen+close, all seen in order", processes, count)
		if os.Getuid() != 0 {
			skipped(what, fmt.Errorf("BPF needs root"))
			continue
		}
		w, err := b.startWatching(ctx, "--no-probe")
		if err != nil {
			return err
		}
		err = oneStorm(ctx, what, w, processes, count)
		w.stop()
		if err != nil {
			return err
		}
		direct := observeDirectly(ctx)
		err = oneStorm(ctx, "  the same, straight from the observer", direct, processes, count)
		direct.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

func oneStorm(ctx context.Context, what string, w *watching, processes, count int) error {
	began := time.Now()
	pids := map[string]int{}
	var storms []*exec.Cmd
	for i := range processes {
		address := fmt.Sprintf("127.80.0.%d", i+1)
		cmd := exec.CommandContext(ctx, "/proc/self/exe", stormArgument, address, strconv.Itoa(count))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		storms = append(storms, cmd)
		pids[address] = cmd.Process.Pid
	}
	seen := w.tally(pids, processes*count)
	took := time.Since(began)
	for _, cmd := range storms {
		if err := cmd.Wait(); err != nil {
			return err
		}
	}
	all := processes * count
	figure(what, fmt.Sprint(seen.ended), fmt.Sprint(all), seen.ended == all && seen.wrong == 0 && seen.lost == 0,
		fmt.Sprintf("%d opened, %d without process or program or out of order, %d gaps, in %.1f s", seen.opened, seen.wrong, seen.lost, took.Seconds()))
	return nil
}

// observeDirectly watches in this process, and returns once all is in place.
func observeDirectly(ctx context.Context) *watching {
	ctx, cancel := context.WithCancel(ctx)
	w := &watching{cancel: cancel, events: make(chan told, 1<<20), ended: make(chan struct{})}
	settled := make(chan struct{})
	go func() {
		defer close(w.ended)
		observe.NewWatch(observe.Options{}).Run(ctx, func(c observe.Change) {
			if c.Kind == observe.Settled {
				close(settled)
				return
			}
			t := told{Type: string(c.Kind)}
			if c.Kind == observe.Lost {
				t.Type = "gap"
			}
			t.Data.Listener.Address, t.Data.Listener.Port = c.Listener.Address.String(), c.Listener.Port
			for _, h := range c.Listener.Holders {
				t.Data.Listener.Holders = append(t.Data.Listener.Holders, holder{h.PID, h.Exe})
			}
			w.events <- t
		})
	}()
	select {
	case <-settled:
	case <-w.ended:
	}
	return w
}

// tally counts what is told of the storms.
type tally struct{ opened, ended, wrong, lost int }

func (w *watching) tally(pids map[string]int, want int) (t tally) {
	const silence = 15 * time.Second
	open := map[string]bool{}
	for t.ended < want {
		select {
		case e := <-w.events:
			l := e.Data.Listener
			if e.kind() == "gap" {
				t.lost++
			}
			pid, ours := pids[l.Address]
			if !ours {
				continue
			}
			at := l.Address + " " + strconv.Itoa(int(l.Port))
			switch e.kind() {
			case "opened":
				t.opened++
				if open[at] || len(l.Holders) != 1 || l.Holders[0].PID != pid || l.Holders[0].Exe == "" {
					t.wrong++
				}
				open[at] = true
			case "closed", "short-lived":
				t.ended++
				if !open[at] {
					t.wrong++
				}
				open[at] = false
			}
		case <-time.After(silence):
			return t
		}
	}
	return t
}

// latency measures from the return of listen() to the event, beside a poller that looks once a second.
func (b bench) latency(ctx context.Context) error {
	const (
		times = 1000
		pace  = 5 * time.Millisecond
		lives = 20 * time.Millisecond
	)
	w, err := b.startWatching(ctx, "--no-probe")
	if err != nil {
		return err
	}
	defer w.stop()
	trace, traced := startTrace(ctx)
	defer trace.stop()
	polled := startPoller(ctx)
	returned := map[uint16]time.Time{}
	for range times {
		l, err := net.Listen("tcp4", "127.81.0.1:0")
		if err != nil {
			return err
		}
		returned[uint16(l.Addr().(*net.TCPAddr).Port)] = time.Now()
		time.AfterFunc(lives, func() { l.Close() })
		time.Sleep(pace)
	}
	var took []time.Duration
	for range returned {
		t, found := w.next(5*time.Second, "opened", 0)
		for found && t.Data.Listener.Address != "127.81.0.1" {
			t, found = w.next(5*time.Second, "opened", 0)
		}
		if !found {
			break
		}
		took = append(took, t.came.Sub(returned[t.Data.Listener.Port]))
	}
	saw := polled.stop("127.81.0.1")
	beside := fmt.Sprintf("a poller each second saw %d of %d", saw, len(returned))
	if traced == nil {
		beside += ", bpftrace " + trace.percentile(returned)
	} else {
		beside += ", bpftrace: " + traced.Error()
	}
	figure("listen() to the event, p99 of "+strconv.Itoa(len(took)), ms(percentile(took, 0.99)), "< 5 ms",
		len(took) == len(returned) && percentile(took, 0.99) < 5*time.Millisecond, "p50 "+ms(percentile(took, 0.5))+"; "+beside)
	return nil
}

func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// poller looks once a second, as tools do that nobody tells.
type poller struct {
	quit, ended chan struct{}
	seen        map[string]bool
}

func startPoller(ctx context.Context) *poller {
	p := &poller{make(chan struct{}), make(chan struct{}), map[string]bool{}}
	go func() {
		defer close(p.ended)
		for {
			if s, err := observe.Look(ctx, observe.Options{Tier: "sock_diag"}); err == nil {
				for _, l := range s.Listeners {
					p.seen[l.Address.String()+" "+l.PortName()] = true
				}
				s.Close()
			}
			select {
			case <-p.quit:
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return p
}

// stop returns how many were seen on an address.
func (p *poller) stop(address string) (count int) {
	close(p.quit)
	<-p.ended
	for at := range p.seen {
		if strings.HasPrefix(at, address+" ") {
			count++
		}
	}
	return count
}

// identified measures from the return of listen() to knowing what it speaks.
func (b bench) identified(ctx context.Context) error {
	w, err := b.startWatching(ctx)
	if err != nil {
		return err
	}
	defer w.stop()
	var took []time.Duration
	const times = 40
	for range times {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		returned := time.Now()
		server := &http.Server{Handler: http.NotFoundHandler()}
		go server.Serve(l)
		if t, found := w.next(10*time.Second, "identified", uint16(l.Addr().(*net.TCPAddr).Port)); found && t.Data.Listener.Finding.Protocol == "http" {
			took = append(took, t.came.Sub(returned))
		}
		server.Close()
	}
	figure("listen() to knowing that it is HTTP, median", ms(percentile(took, 0.5)), "< 50 ms",
		len(took) == times && percentile(took, 0.5) < 50*time.Millisecond, fmt.Sprintf("p90 %s, %d of %d", ms(percentile(took, 0.9)), len(took), times))
	return nil
}
