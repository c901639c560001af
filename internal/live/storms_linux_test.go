package live

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStorm opens and closes one port twenty thousand times: each is told, in turns, with who did it, and nothing grows.
func TestStorm(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	s := launch(t, "storm", at(port))
	s.end()
	story := w.storm(port)
	for i, h := range story {
		opens := h.kind() == "opened"
		if opens != (i%2 == 0) || h.Listener.Holders[0].PID != s.Process.Pid || h.Listener.Holders[0].Exe == "" {
			t.Fatalf("event %d: %s %s", i, h.kind(), h.Data)
		}
		if i > 0 && h.Time.Before(story[i-1].Time.Add(-3*time.Millisecond)) { // the clock may be set meanwhile
			t.Fatalf("event %d happened %v before the one before it", i, story[i-1].Time.Sub(h.Time))
		}
	}
	w.Live.mu.Lock()
	defer w.Live.mu.Unlock()
	if w.entries[placeOf(story[0].Listener)] != nil || len(w.toRead.fresh.lanes) > 1000 || w.asked.order.Len() > mostRemembered || w.holding > 0 {
		t.Errorf("left: %d entries, %d to read, %d remembered, %d held", len(w.entries), len(w.toRead.fresh.lanes), w.asked.order.Len(), w.holding)
	}
}

// own memory holds.
func TestStalledReader(t *testing.T) {
	stall := make(chan struct{})
	w := watch(t, Options{})
	needsBPF(t, w)
	w.stalled.Store(&stall)
	port := free(t)
	s := launch(t, "storm", at(port))
	s.end()
	time.Sleep(time.Second)
	w.Live.mu.Lock()
	waiting := len(w.outbox.waiting)
	w.Live.mu.Unlock()
	if waiting > most+1000 { // and what is learned of who is there
		t.Errorf("%d events wait, want %d at most", waiting, most)
	}
	w.stalled.Store(nil)
	close(stall)
	w.storm(port)
}

// been identified, where the machine was so busy that there was time for that.
func (w *watching) storm(port uint16) []happening {
	w.t.Helper()
	var story []happening
	for range 300 {
		story = slices.DeleteFunc(w.of(port), func(h happening) bool { return h.kind() == "identified" })
		if len(story) >= 40_000 {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if len(story) != 40_000 {
		w.t.Fatalf("told %d openings and ends of 40000; coverage %+v", len(story), w.Coverage())
	}
	return story
}

// TestCrowd holds that a thousand listeners of one process are all identified, and that nobody works after that.
func TestCrowd(t *testing.T) {
	before := runtime.NumGoroutine()
	w := watch(t, Options{NoProbe: true})
	s := launch(t, "crowd", at(0))
	count := func(kind string) (n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, h := range w.all {
			if h.kind() == kind && h.Listener.Holders[0].PID == s.Process.Pid {
				n++
			}
		}
		return n
	}
	for range 300 {
		if count("identified") == 1000 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if opened, identified := count("opened"), count("identified"); opened != 1000 || identified != 1000 {
		t.Errorf("%d opened, %d identified of 1000", opened, identified)
	}
	for range 50 {
		if !w.pending() {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if w.pending() || runtime.NumGoroutine() > before+40 {
		t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
	}
}

// TestHostileFile tells of a program whose owner has given its file a time that no calendar has.
func TestHostileFile(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(exe)
	strange, err2 := os.MkdirTemp("/dev/shm", "rtevent-test-") // other file systems do not take such a time
	if err := errors.Join(err, err2); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(strange) })
	file := filepath.Join(strange, "live.test")
	far := unix.Timespec{Sec: 300_000_000_000}
	if err := errors.Join(os.WriteFile(file, text, 0o755), unix.UtimesNanoAt(unix.AT_FDCWD, file, []unix.Timespec{far, far}, 0)); err != nil {
		t.Skip(err)
	}
	w := watch(t, Options{NoProbe: true})
	port := free(t)
	launchAs(t, exec.Command(file, "silent", at(port)))
	if l := w.story(port, "opened identified")[1].Listener; l.Holders[0].Exe != file || l.Holders[0].ExeModified.Year() != 9999 {
		t.Errorf("identified: %+v", l.Holders[0])
	}
}
