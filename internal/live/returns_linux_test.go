package live

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rtevent"
)

// TestRestart tells a program that is started again at once as one change, and another program as an end and a beginning.
func TestRestart(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	s := launch(t, "web", at(port))
	w.story(port, "opened identified")
	time.Sleep(lived + 100*time.Millisecond)

	stdin := s.stdin
	again := make(chan *server)
	go func() { // a new process needs some milliseconds: it must not wait for the old one to be reaped
		for len(w.holdings()) == 0 {
			time.Sleep(time.Millisecond)
		}
		again <- launch(t, "web", at(port))
	}()
	stdin.Close()
	second := <-again
	story := w.of(port)
	if !slices.ContainsFunc(story, func(h happening) bool { return h.kind() == "closed" }) {
		changed := w.story(port, "opened identified changed")[2]
		if !slices.Contains(changed.Differs, rtevent.DiffersOwner) || changed.Was.Holders[0].PID != s.Process.Pid ||
			changed.Listener.Holders[0].PID != second.Process.Pid || changed.Listener.Finding == nil || changed.Listener.Finding.Protocol != "http" {
			t.Errorf("changed: %s", changed.Data)
		}
		w.quiet(port, 300*time.Millisecond)
		return
	}
	t.Logf("the machine was too busy to start it again within %v: %s", programReturns, dump(story))
}

// holdings are the ends that are held back.
func (w *watching) holdings() []place {
	w.Live.mu.Lock()
	defer w.Live.mu.Unlock()
	var held []place
	for p, e := range w.entries {
		if e.closing != nil {
			held = append(held, p)
		}
	}
	return held
}

// another path now.
func TestServiceRestart(t *testing.T) {
	unit := unitCgroup(t)
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(exe)
	upgraded := filepath.Join(t.TempDir(), "upgraded.test")
	if err := errors.Join(err, os.WriteFile(upgraded, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	within := func(exe string) *server {
		return launchAs(t, exec.Command("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$1" web "$2"`, unit, exe, at(port)))
	}
	first := within(exe)
	w.story(port, "opened identified")
	time.Sleep(lived)
	first.end()
	time.Sleep(500 * time.Millisecond)
	second := within(upgraded)
	changed := w.story(port, "opened identified changed")[2]
	if changed.Listener.Holders[0].PID != second.Process.Pid || changed.Was.Holders[0].PID != first.Process.Pid || changed.Listener.Holders[0].Unit != filepath.Base(unit) {
		t.Errorf("changed: %s", changed.Data)
	}
	second.end()
	closed := w.story(port, "opened identified changed closed")[3]
	if late := time.Since(closed.Time); late < supervisedReturns {
		t.Errorf("its end was told after %v already", late)
	}
}

// unitCgroup makes a cgroup as the service manager makes one for a unit, and returns its directory.
func unitCgroup(t *testing.T) string {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
			continue
		}
		dir := filepath.Join(root, fmt.Sprintf("rtevent-test-%d.service", os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Skipf("no cgroup can be made: %v", err)
		}
		t.Cleanup(func() {
			for range 50 { // its processes have to be gone
				if os.Remove(dir) == nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Errorf("%s is left", dir)
		})
		return dir
	}
	t.Skip("there is no cgroup v2")
	return ""
}

// TestAnother tells another program on the same port as an end and a beginning, in this order.
func TestAnother(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	s := launch(t, "web", at(port))
	w.story(port, "opened identified")
	time.Sleep(lived)
	s.end()
	python := exec.Command("python3", "-c", fmt.Sprintf("import socket,sys; s=socket.socket(); s.setsockopt(1,2,1); s.bind(('%s',%d)); s.listen(); print('listening',flush=True); sys.stdin.read()", home, port))
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	launchAs(t, python)
	w.story(port, "opened identified closed opened identified")
}

// TestAskedOnce asks a process once about a port that it opens twice.
func TestAskedOnce(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	launch(t, "again", at(port))
	story := w.story(port, "opened identified closed opened identified")
	if first, second := story[1].Listener.Finding, story[4].Listener.Finding; second.Protocol != "http" || first.TookMS != second.TookMS || first.Evidence[0] != second.Evidence[0] {
		t.Errorf("it was asked twice: %+v, then %+v", first, second)
	}
}

// TestSlowStart asks a server again, once, that was silent because it had just started.
func TestSlowStart(t *testing.T) {
	w := watch(t, Options{})
	port := free(t)
	launch(t, "late", at(port))
	story := w.story(port, "opened identified")
	if story[1].Listener.Finding.Known() {
		t.Skip("the machine was so busy that the server was ready when it was asked first")
	}
	story = w.story(port, "opened identified changed")
	if story[2].Listener.Finding.Protocol != "http" || !slices.Equal(story[2].Differs, []string{"finding", "verdict"}) {
		t.Errorf("%s", dump(story))
	}
}

// asked again, and what is gone is told to have closed.
func TestBefore(t *testing.T) {
	port, gone := free(t), free(t)
	launch(t, "web", at(port))
	earlier := watch(t, Options{})
	story := earlier.story(port, "opened identified")
	earlier.end()
	kept := *story[1].Listener
	lost := kept
	lost.Port = gone
	w := watch(t, Options{Before: []rtevent.Listener{kept, lost}})
	if end := w.story(gone, "closed")[0]; !end.Existing {
		t.Errorf("closed: %s", end.Data)
	}
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		if !w.pending() {
			break
		}
	}
	w.story(port, "")
	for _, l := range w.State() {
		if l.Port == port && (l.Finding == nil || l.Finding.TookMS != kept.Finding.TookMS) {
			t.Errorf("it was asked again: %+v", l.Finding)
		}
	}
}

// pending tells whether anybody waits to be read or asked.
func (w *watching) pending() bool {
	w.Live.mu.Lock()
	defer w.Live.mu.Unlock()
	return w.reading || w.asking > 0
}
