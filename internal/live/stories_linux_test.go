package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
	"rtevent/internal/judge"
)

// needsBPF skips a test of what only the kernel can tell.
func needsBPF(t *testing.T, w *watching) {
	t.Helper()
	if !w.tells() {
		t.Skipf("the kernel does not tell of listeners as they open: %+v", w.Coverage())
	}
}

// TestShortLived sees a listener that is gone at once, with the program that is gone as well.
func TestShortLived(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	s := launch(t, "flash", at(port))
	end := w.story(port, "opened short-lived")[1]
	o := end.Listener.Holders[0]
	exe, _ := os.Executable()
	if o.PID != s.Process.Pid || o.Exe != exe || o.UID == nil || o.Unseen == "" || end.LivedMS == nil || *end.LivedMS > 100 {
		t.Errorf("short-lived: %s", end.Data)
	}
}

// TestFailed tells of a program that was refused, without a word against the listener that is there.
func TestFailed(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	port := free(t)
	fd := bound(t, port)
	other := bound(t, port) // both may bind, one may listen
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(other, 1); !errors.Is(err, unix.EADDRINUSE) {
		t.Fatalf("the second may listen: %v", err)
	}
	story := w.eventually(t, func(h happening) bool {
		return h.kind() == "failed" && h.Listener.Port == port && h.Listener.Address == home
	})
	if story.Topic != story.Listener.Topic()+".failed" || story.Listener.Holders[0].PID != os.Getpid() {
		t.Errorf("failed: %+v", story)
	}
	if !contains(w.State(), port) {
		t.Error("the listener that is there is not in the state")
	}
}

// bound is a socket that shares its port with others until somebody listens.
func bound(t *testing.T, port uint16) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.Bind(fd, &unix.SockaddrInet4{Port: int(port), Addr: home.As4()}))
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// eventually waits for an event.
func (w *watching) eventually(t *testing.T, is func(happening) bool) happening {
	t.Helper()
	for range 300 {
		w.mu.Lock()
		i := slices.IndexFunc(w.all, is)
		var found happening
		if i >= 0 {
			found = w.all[i]
		}
		w.mu.Unlock()
		if i >= 0 {
			return found
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("it is not told")
	return happening{}
}

// TestShared tells one story of two processes that share a port.
func TestShared(t *testing.T) {
	w := watch(t, Options{})
	port := free(t)
	first := launch(t, "share", at(port))
	w.story(port, "opened identified")
	second := launch(t, "share", at(port))
	first.end()
	w.quietAfter(port, "opened identified", "closed")
	second.end()
	for range 100 {
		if story := w.of(port); story[len(story)-1].kind() == "closed" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("it is not told to have closed: %s", dump(w.of(port)))
}

// quietAfter holds that a story began like this and has none of that within a moment.
func (w *watching) quietAfter(port uint16, began, never string) {
	w.t.Helper()
	time.Sleep(500 * time.Millisecond)
	var kinds []string
	for _, h := range w.of(port) {
		kinds = append(kinds, h.kind())
	}
	if got := strings.Join(kinds, " "); !strings.HasPrefix(got, began) || slices.Contains(kinds, never) {
		w.t.Errorf("port %d: told %q", port, got)
	}
}

// TestMPTCP tells one story of a listener that the kernel makes of two sockets.
func TestMPTCP(t *testing.T) {
	w := watch(t, Options{})
	needsBPF(t, w)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 262)
	if err != nil {
		t.Skipf("this kernel has no MPTCP: %v", err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: home.As4()}), unix.Listen(fd, 1)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(name.(*unix.SockaddrInet4).Port)
	w.eventually(t, func(h happening) bool { return h.kind() == "identified" && h.Listener.Port == port })
	unix.Close(fd)
	w.eventually(t, func(h happening) bool { return h.kind() == "closed" && h.Listener.Port == port })
	w.mu.Lock()
	defer w.mu.Unlock()
	kinds := ""
	for _, h := range w.all {
		if h.Listener != nil && h.Listener.Port == port {
			kinds += h.kind() + " "
		}
	}
	if kinds != "opened identified closed " {
		t.Errorf("told %q", kinds)
	}
}

// TestInherited tells no end while a child still holds the socket.
func TestInherited(t *testing.T) {
	w := watch(t, Options{})
	l, err := net.Listen("tcp", at(0))
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "60")
	child.ExtraFiles = []*os.File{file}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	file.Close()
	l.Close()
	ends := func(h happening) bool {
		return (h.kind() == "closed" || h.kind() == "short-lived") && h.Listener.Port == port && h.Listener.Address == home
	}
	time.Sleep(500 * time.Millisecond)
	w.mu.Lock()
	if slices.ContainsFunc(w.all, ends) {
		t.Error("it is told to have closed while a child holds it")
	}
	w.mu.Unlock()
	child.Process.Kill()
	w.eventually(t, ends)
}

// TestOwn does not ask what this very process serves.
func TestOwn(t *testing.T) {
	w := watch(t, Options{})
	l, err := net.Listen("tcp", at(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	h := w.eventually(t, func(h happening) bool { return h.kind() == "identified" && h.Listener.Port == port })
	if h.Listener.Finding.NotAsked == "" || h.Listener.Finding.Connections > 0 {
		t.Errorf("it asked itself: %s", h.Data)
	}
}

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

// TestServiceRestart tells a unit that its manager restarts within two seconds as one change, although its program has
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

// TestPolicyLive raises a violation with the opening already, and with what was too short to be asked.
func TestPolicyLive(t *testing.T) {
	policy, err := judge.ReadPolicy("policy", []byte("allow: [{port: 1}]"))
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, Options{Policy: policy})
	needsBPF(t, w)
	port := free(t)
	launch(t, "flash", at(port))
	for _, h := range w.story(port, "opened short-lived") {
		if v := h.Listener.Verdict; v == nil || len(v.Signals) == 0 || v.Signals[0].ID != "policy-violation" || !v.Scrutiny() {
			t.Errorf("%s: %s", h.kind(), h.Data)
		}
	}
}

// TestBefore goes on where an earlier run stopped: what the same process still holds is neither told to have opened nor
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

// TestStalledReader holds that a reader who does not read bounds the memory, and that nothing is lost that the observer's
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

// storm waits for the 20,000 openings and ends of the storm, and returns them. Between an opening and its end it may have
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
