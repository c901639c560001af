package live

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// TestOwn asks what this very process serves, as it asks everybody: the daemon's own port has a finding like any other.
func TestOwn(t *testing.T) {
	w := watch(t, Options{})
	l, err := net.Listen("tcp", at(0))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		server.Close()
		<-served
	}()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	h := w.eventually(t, func(h happening) bool { return h.kind() == "identified" && h.Listener.Port == port })
	if h.Listener.Finding.Protocol != "http" {
		t.Errorf("it did not ask itself: %s", h.Data)
	}
}

// TestServiceRestart tells a unit that its manager restarts within two seconds as one change, although its program has
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
// TestStalledReader holds that a reader who does not read bounds the memory, and that nothing is lost that the observer's
// storm waits for the 20,000 openings and ends of the storm, and returns them. Between an opening and its end it may have
