package observe

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// storyOf returns what was told of an endpoint of our own namespace up to now: the kernel tells in order, so all is told
// once a listener that opens now is.
func (w *watching) storyOf(transport rtevent.Transport, at netip.AddrPort) (story []Change) {
	w.t.Helper()
	sentinel, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	defer sentinel.Close()
	last := netip.MustParseAddrPort(sentinel.Addr().String())
	for {
		c := w.next(time.Minute)
		if isAt(c, rtevent.TCP, last) && c.Kind == Opened {
			return story
		}
		if isAt(c, transport, at) {
			story = append(story, c)
		}
	}
}

// checkStory compares the kinds, and what must hold of everything that the kernel tells by itself.
func checkStory(t *testing.T, story []Change, want ...ChangeKind) {
	t.Helper()
	var got []ChangeKind
	for _, c := range story {
		got = append(got, c.Kind)
		if len(c.Listener.Holders) == 0 || c.Existing || time.Since(c.At).Abs() > time.Minute {
			t.Errorf("%+v", c)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func localhost(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
}

// TestConnectionsAreNoChange checks that the sockets which a listener makes for connections are not taken for its end.
func TestConnectionsAreNoChange(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		conn, err := net.Dial("tcp4", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		served, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		served.Close()
		conn.Close()
	}
	at := netip.MustParseAddrPort(listener.Addr().String())
	checkStory(t, w.storyOf(rtevent.TCP, at), Opened)
	listener.Close()
	checkStory(t, w.storyOf(rtevent.TCP, at), Closed)
}

// TestListenWithoutBind checks the port, which the kernel does not have yet when it tells of the opening, and not any
// more when it tells of the end. One lives, one is gone at once.
func TestListenWithoutBind(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	everywhere := netip.IPv4Unspecified()
	for _, lives := range []bool{true, false} {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Listen(fd, 1); err != nil {
			t.Fatal(err)
		}
		at := netip.AddrPortFrom(everywhere, portOf(t, fd))
		if lives {
			checkStory(t, w.storyOf(rtevent.TCP, at), Opened)
			unix.Close(fd)
			checkStory(t, w.storyOf(rtevent.TCP, at), Closed)
		} else {
			unix.Close(fd)
			checkStory(t, w.storyOf(rtevent.TCP, at), Opened, Closed)
		}
	}
}

// TestRefusedListen checks a listen() that the kernel refuses: it is told as that, with who tried.
func TestRefusedListen(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	first, second := rawSocket(t, unix.AF_INET, unix.SOCK_STREAM, 0), rawSocket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	for _, fd := range []int{first, second} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			t.Fatal(err)
		}
	}
	where := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Bind(first, where); err != nil {
		t.Fatal(err)
	}
	where.Port = int(portOf(t, first))
	if err := unix.Bind(second, where); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(first, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(second, 1); err != unix.EADDRINUSE {
		t.Fatalf("the second listen: %v", err)
	}
	story := w.storyOf(rtevent.TCP, localhost(uint16(where.Port)))
	checkStory(t, story, Opened, Failed)
	for _, c := range story {
		if h := c.Listener.Holders[0]; h.PID != os.Getpid() || !strings.HasSuffix(h.Exe, ".test") {
			t.Errorf("%s by %+v", c.Kind, h)
		}
	}
}

// TestMultipath checks that the three sockets of an MPTCP listener are one story.
func TestMultipath(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocolMPTCP)
	if err != nil {
		t.Skipf("the kernel has no MPTCP: %v", err)
	}
	port := listenRaw(t, fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	story := w.storyOf(rtevent.TCP, localhost(port))
	checkStory(t, story, Opened)
	if pids := pidsOf(&story[0].Listener); !slices.Equal(pids, []int{os.Getpid()}) {
		t.Errorf("held by %v", pids)
	}
	unix.Close(fd)
	checkStory(t, w.storyOf(rtevent.TCP, localhost(port)), Closed)
}

// TestListenAgain checks a listener that stops and begins again on the same socket.
func TestListenAgain(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	fd := rawSocket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	port := listenRaw(t, fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: freePort(t)})
	if err := unix.Listen(fd, 7); err != nil { // another backlog is no news
		t.Fatal(err)
	}
	if err := unix.Shutdown(fd, unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	checkStory(t, w.storyOf(rtevent.TCP, localhost(port)), Opened, Closed, Opened)
}

// freePort finds a port by a socket that never listens, and so is in no story.
func freePort(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	return int(portOf(t, fd))
}

// TestReuseport checks a group of sockets on one endpoint: it opens with the first and closes with the last.
func TestReuseport(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	for _, network := range []string{"tcp4", "udp4"} {
		transport := rtevent.Transport(network[:3])
		port := uint16(freePort(t))
		var group []int
		for range 3 {
			group = append(group, reuseport(t, transport, port))
		}
		checkStory(t, w.storyOf(transport, localhost(port)), Opened)
		unix.Close(group[0])
		group = append(group[1:], reuseport(t, transport, port))
		checkStory(t, w.storyOf(transport, localhost(port)))
		for _, fd := range group {
			unix.Close(fd)
		}
		checkStory(t, w.storyOf(transport, localhost(port)), Closed)
	}
}

func reuseport(t *testing.T, transport rtevent.Transport, port uint16) int {
	t.Helper()
	kind := unix.SOCK_STREAM
	if transport == rtevent.UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: int(port)}); err != nil {
		t.Fatal(err)
	}
	if kind == unix.SOCK_STREAM {
		if err := unix.Listen(fd, 1); err != nil {
			t.Fatal(err)
		}
	}
	return fd
}

// TestUDPClients checks what is no listener: a client that only sends has none, one that connects is none any more.
func TestUDPClients(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	client, err := net.Dial("udp4", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	checkStory(t, w.storyOf(rtevent.UDP, netip.MustParseAddrPort(client.LocalAddr().String())))

	fd := rawSocket(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	at := localhost(portOf(t, fd))
	story := w.storyOf(rtevent.UDP, at)
	checkStory(t, story, Opened)
	if story[0].Listener.LikelyClient {
		t.Error("a port that was asked for counts as a client's")
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9}); err != nil {
		t.Fatal(err)
	}
	checkStory(t, w.storyOf(rtevent.UDP, at), Closed)

	chosen := rawSocket(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(chosen, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at = localhost(portOf(t, chosen))
	story = w.storyOf(rtevent.UDP, at)
	checkStory(t, story, Opened)
	if !story[0].Listener.LikelyClient {
		t.Error("a port that the kernel chose does not count as a client's")
	}
	unix.Close(chosen)
	checkStory(t, w.storyOf(rtevent.UDP, at), Closed)
}

// TestHeld checks a socket that goes from process to process by a fork, and then by a message: nobody tells of that, so
// looking must find it.
func TestHeld(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{Reconcile: 300 * time.Millisecond})
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(listener.Addr().String())
	if c := w.until(rtevent.TCP, at); c.Kind != Opened {
		t.Fatalf("%+v", c)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	child, _ := play(t, "hold", func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{file} })
	w.wantHolders(at, Held, os.Getpid(), child.pid())

	ours, theirs := unixPair(t)
	receiver, _ := play(t, "receive", func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{theirs} })
	if err := unix.Sendmsg(int(ours.Fd()), []byte("x"), unix.UnixRights(int(file.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	w.wantHolders(at, Held, os.Getpid(), child.pid(), receiver.pid())

	listener.Close()
	file.Close()
	child.stop()
	w.wantHolders(at, Held, receiver.pid())
	receiver.stop()
	w.wantHolders(at, Closed, receiver.pid())
}

// wantHolders waits for a Change that names exactly these processes. On the way there may be others, when looking finds
// half of it.
func (w *watching) wantHolders(at netip.AddrPort, kind ChangeKind, pids ...int) {
	w.t.Helper()
	slices.Sort(pids)
	for {
		c := w.until(rtevent.TCP, at)
		if c.Kind != Held && c.Kind != kind {
			w.t.Fatalf("%s, want %s of %v: %+v", c.Kind, kind, pids, c)
		}
		if c.Kind == kind && slices.Equal(pidsOf(&c.Listener), pids) {
			return
		}
	}
}

func unixPair(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// receive takes a descriptor from a message and keeps it until its input ends.
func receive() error {
	fmt.Println("ready")
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(3, make([]byte, 1), rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("no descriptor came")
	}
	return hold()
}

// TestKilled checks that the end of a process is the end of its listeners, however it ends.
func TestKilled(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{})
	server, _, name := startRoom(t)
	var opened []Change
	for len(opened) < 2 {
		if c := w.next(time.Minute); c.Listener.Namespace == name {
			opened = append(opened, c)
		}
	}
	for _, c := range opened {
		if c.Kind != Opened || c.Listener.Holders[0].PID != server.pid() || c.Listener.NetNS == 0 {
			t.Errorf("%+v", c)
		}
		network := string(c.Listener.Transport)
		conn, err := w.Dial(t.Context(), c.Listener, network)
		if err != nil {
			t.Errorf("dial %s of the other namespace: %v", network, err)
			continue
		}
		conn.Close()
	}
	if err := syscall.Kill(server.pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for closed := 0; closed < 2; {
		if c := w.next(time.Minute); c.Listener.Namespace == name {
			if c.Kind != Closed || c.Existing {
				t.Errorf("%+v", c)
			}
			closed++
		}
	}
}
