package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtevent/internal/wire"
)

// The test binary is also the process that is killed: with these variables it publishes until then, and says on its standard
// output what was acknowledged.
const (
	childDir  = "JOURNAL_TEST_DIR"
	childRun  = "JOURNAL_TEST_RUN"
	childMode = "JOURNAL_TEST_DURABILITY"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDir)+os.Getenv(childNATS)+os.Getenv(childMember) != "" {
		go func() { // no child outlives the test: it holds the other end
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	if dir := os.Getenv(childDir); dir != "" {
		if err := publishForever(dir, os.Getenv(childRun), Durability(os.Getenv(childMode))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	for variable, run := range map[string]func(string) error{childNATS: serveNATS, childMember: runMember} {
		if spec := os.Getenv(variable); spec != "" {
			if err := run(spec); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// acked is what a child said of one event.
type acked struct {
	id    string
	seq   uint64
	epoch string
}

// publishForever publishes events with the ids RUN.1, RUN.2 ... on 50 topics and writes a line for each acknowledgement.
func publishForever(dir, run string, d Durability) error {
	j, err := Open(Options{Dir: dir, Durability: d, FreeBytes: 1 << 20, MaxBytes: 512 << 20})
	if err != nil {
		return err
	}
	acks := make(chan acked, 1<<16)
	go func() {
		for i := 1; ; i++ {
			id := fmt.Sprint(run, ".", i)
			j.Publish(event(fmt.Sprint("t.", i%50), id), func(a wire.Ack) {
				if a.Err == nil && !a.Duplicate {
					acks <- acked{id, a.Cursor.Seq, a.Cursor.Epoch}
				}
			})
		}
	}()
	go func() {
		out := bufio.NewWriter(os.Stdout)
		for a := range acks {
			fmt.Fprintln(out, a.id, a.seq, a.epoch)
			if len(acks) == 0 {
				out.Flush()
			}
		}
	}()
	return j.Run(context.Background())
}

// child is a running publishForever.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, dir, run string, d Durability) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childDir+"="+dir, childRun+"="+run, childMode+"="+string(d))
	out := begin(t, c.Cmd)
	c.lines = bufio.NewScanner(out)
	return c
}

// begin starts a child that ends with this process, and returns what it says.
func begin(t *testing.T, c *exec.Cmd) io.Reader {
	t.Helper()
	c.Stderr = os.Stderr
	_, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// until reads acknowledgements for a while from the first on, then calls end, and reads what is left in the pipe.
func (c *child) until(t *testing.T, d time.Duration, end func()) []acked {
	t.Helper()
	var acks []acked
	var over time.Time
	for c.lines.Scan() {
		words := strings.Fields(c.lines.Text())
		if len(words) != 3 {
			break // cut off by the kill
		}
		seq, err := strconv.ParseUint(words[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		acks = append(acks, acked{words[0], seq, words[2]})
		if over.IsZero() {
			over = time.Now().Add(d)
		}
		if end != nil && time.Now().After(over) {
			end()
			end = nil
		}
	}
	_ = c.Wait()
	return acks
}

func (c *child) kill() { _ = c.Process.Signal(syscall.SIGKILL) }

// faults is how often a fault is tried: few times in every test run, as often as the issue asks with FAULTS=all.
func faults(few, all int) int {
	if os.Getenv("FAULTS") == "all" {
		return all
	}
	return few
}

// holds checks that every acknowledged event is there once, under its number, in order. What the engine had numbered and not
// acknowledged may be a hole: then it is told.
func holds(t *testing.T, j *Journal, acks []acked) {
	t.Helper()
	entries, gaps := history(t, j, acks[0].seq-1)
	for _, g := range gaps {
		t.Logf("unacknowledged events are a hole: %+v", g)
	}
	seen := map[string]uint64{}
	for _, e := range entries {
		id := idOf(e.Line)
		if first, twice := seen[id]; twice {
			t.Errorf("%s is there twice: %d and %d", id, first, e.Seq)
		}
		seen[id] = e.Seq
	}
	lost := 0
	for i, a := range acks {
		if seen[a.id] != a.seq {
			lost++
		}
		if i > 0 && a.seq <= acks[i-1].seq {
			t.Errorf("acknowledged %d after %d", a.seq, acks[i-1].seq)
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged events are lost or have another number", lost, len(acks))
	}
}

func idOf(line []byte) string {
	_, rest, _ := strings.Cut(string(line), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func TestKill(t *testing.T) {
	dir := t.TempDir()
	var all []acked
	last := faults(15, 100) - 1
	for run := range last + 1 {
		c := startChild(t, dir, fmt.Sprint("run", run), Always)
		acks := c.until(t, time.Duration(50+run*17%300)*time.Millisecond, c.kill)
		if len(acks) == 0 {
			t.Fatal("nothing was acknowledged")
		}
		j, err := Open(Options{Dir: dir, MaxBytes: 512 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if j.epoch != acks[0].epoch {
			t.Errorf("run %d: a new epoch: %s", run, j.why)
		}
		all = append(all, acks...)
		if holds(t, j, acks); run == last {
			holds(t, j, all)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged events", len(all))
}
