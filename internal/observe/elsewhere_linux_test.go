package observe

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"rtevent"
)

// line is what the part "watch" prints: a Change, or the Coverage when it is asked for that.
type line struct {
	*Change
	Coverage *rtevent.Coverage
}

// printWatch prints every Change until its input ends, and the Coverage for each line of input.
func printWatch() error {
	ring, _ := strconv.Atoi(os.Getenv("OBSERVE_RING"))
	w := NewWatch(Options{Tier: os.Getenv("OBSERVE_TIER"), Root: os.Getenv("OBSERVE_ROOT"), Ring: ring, BPFTimeout: time.Minute})
	ctx, stop := context.WithCancel(context.Background())
	lines := make(chan line, 1<<16)
	go func() {
		defer stop()
		input := bufio.NewScanner(os.Stdin)
		for input.Scan() {
			c := w.Coverage()
			lines <- line{Coverage: &c}
		}
	}()
	ended := make(chan error, 1)
	go func() {
		ended <- w.Run(ctx, func(c Change) { lines <- line{Change: &c} })
		close(lines)
	}()
	out := json.NewEncoder(os.Stdout)
	for l := range lines {
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// otherWatch is a Watch in another process.
type otherWatch struct {
	*actor
	t     *testing.T
	lines chan line
}

// watchElsewhere starts one and waits until it has told what was there.
func watchElsewhere(t *testing.T, change func(*exec.Cmd)) *otherWatch {
	t.Helper()
	a, first := play(t, "watch", change)
	w := &otherWatch{a, t, make(chan line, 1<<16)}
	take := func(text string) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Errorf("%v in %q", err, text)
		}
		w.lines <- l
	}
	take(first)
	go func() {
		defer close(w.lines)
		for {
			text, err := a.lines.ReadString('\n')
			if err != nil {
				return
			}
			take(text)
		}
	}()
	w.until(func(l line) bool { return l.Change != nil && l.Kind == Settled })
	return w
}

func (w *otherWatch) until(fits func(line) bool) line {
	w.t.Helper()
	patience := time.After(time.Minute)
	for {
		select {
		case l, more := <-w.lines:
			if !more {
				w.t.Fatal("the other watch has ended")
			}
			if fits(l) {
				return l
			}
		case <-patience:
			w.t.Fatal("nothing of that kind is told")
		}
	}
}

func (w *otherWatch) untilAt(transport rtevent.Transport, at net.Addr) Change {
	w.t.Helper()
	where := netip.MustParseAddrPort(at.String())
	return *w.until(func(l line) bool { return l.Change != nil && isAt(*l.Change, transport, where) }).Change
}

func (w *otherWatch) coverage() rtevent.Coverage {
	w.t.Helper()
	fmt.Fprintln(w.in)
	return *w.until(func(l line) bool { return l.Coverage != nil }).Coverage
}
