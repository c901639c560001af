package observe

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// inRoom finds the Listeners of a namespace.
func inRoom(s *Snapshot, name string) (found []rtevent.Listener) {
	for _, l := range s.Listeners {
		if l.Namespace == name {
			found = append(found, l)
		}
	}
	return found
}

// startRoom plays a part that serves in a network namespace of its own, and returns how Look names it.
func startRoom(t *testing.T) (a *actor, port uint16, name string) {
	t.Helper()
	a, line := play(t, "room", inNewRoom)
	number, err := strconv.ParseUint(line, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", a.pid()))
	if err != nil {
		t.Fatal(err)
	}
	return a, uint16(number), fmt.Sprintf("pid %d (%s)", a.pid(), strings.TrimSpace(string(comm)))
}

func TestOtherRoom(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		server, port, name := startRoom(t)
		s := mustLook(t, Options{Tier: tier})
		there := inRoom(s, name)
		if len(there) != 2 || there[0].Port != 5353 || there[1].Port != port {
			t.Fatalf("%s: %+v", name, there)
		}
		for _, l := range there {
			if l.NetNS == 0 || !slices.Equal(pidsOf(&l), []int{server.pid()}) {
				t.Errorf("%+v", l)
			}
		}
		checkTalk(t, s, there)

		server.stop()
		if there := inRoom(mustLook(t, Options{Tier: tier}), name); there != nil {
			t.Errorf("after the room was left: %+v", there)
		}
	})
}

// checkTalk dials the servers of startRoom.
func checkTalk(t *testing.T, s *Snapshot, there []rtevent.Listener) {
	t.Helper()
	for i, network := range []string{"udp", "tcp"} {
		conn, err := s.Dial(t.Context(), there[i], network)
		if err != nil {
			t.Errorf("dial %s: %v", network, err)
			continue
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		if network == "udp" {
			io.WriteString(conn, "hello from the room")
		}
		buffer := make([]byte, 64)
		if n, err := conn.Read(buffer); string(buffer[:n]) != "hello from the room" {
			t.Errorf("%s: read %q, %v", network, buffer[:n], err)
		}
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if there[0].NetNS == 0 || err != nil || own == fmt.Sprintf("net:[%d]", there[0].NetNS) {
		t.Errorf("our own namespace is now %s, the other %d", own, there[0].NetNS)
	}
}

// TestManyRooms checks that each of them is entered, and that the threads that entered them are gone.
func TestManyRooms(t *testing.T) {
	needRoot(t)
	const many = 20
	names := make([]string, many)
	for i := range many {
		_, _, names[i] = startRoom(t)
	}
	for _, tier := range []string{tierDiag, tierProc} {
		s := mustLook(t, Options{Tier: tier})
		for _, name := range names {
			if there := inRoom(s, name); len(there) != 2 {
				t.Errorf("%s: %+v", name, there)
			}
		}
		if s.Coverage.Namespaces < many+1 {
			t.Errorf("%d namespaces", s.Coverage.Namespaces)
		}
		own, _ := os.Readlink("/proc/self/ns/net")
		tasks, _ := filepath.Glob("/proc/self/task/*/ns/net")
		for _, task := range tasks {
			if is, err := os.Readlink(task); err == nil && is != own {
				t.Errorf("%s is in %s", task, is)
			}
		}
	}
}

// openElsewhere opens a listener in a network namespace that nobody else is in, and returns a path that leads there while
// keep runs.
func openElsewhere(t *testing.T, keep func(path string)) (port uint16) {
	t.Helper()
	var failed error
	onThread(func() {
		if failed = unix.Unshare(unix.CLONE_NEWNET); failed != nil {
			return
		}
		if failed = raiseLoopback(); failed != nil {
			return
		}
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			failed = err
			return
		}
		t.Cleanup(func() { listener.Close() })
		port = uint16(listener.Addr().(*net.TCPAddr).Port)
		keep("/proc/thread-self/ns/net")
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return port
}

// TestMountedRoom checks a namespace without processes that a mount keeps, as "ip netns add" makes them.
func TestMountedRoom(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		path := filepath.Join(t.TempDir(), "blue room")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		port := openElsewhere(t, func(ns string) {
			if err := unix.Mount(ns, path, "", unix.MS_BIND, ""); err != nil {
				t.Error(err)
			}
		})
		defer unix.Unmount(path, unix.MNT_DETACH)

		s := mustLook(t, Options{Tier: tier})
		there := inRoom(s, path)
		if len(there) != 1 || there[0].Port != port || !slices.Equal(pidsOf(&there[0]), []int{os.Getpid()}) {
			t.Fatalf("%+v", there)
		}
		conn, err := s.Dial(t.Context(), there[0], "tcp")
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	})
}

// TestLostRoom checks a namespace that neither a process nor a mount leads to: only the iterator sees who is there.
func TestLostRoom(t *testing.T) {
	needRoot(t)
	port := openElsewhere(t, func(string) {})
	s := mustLook(t, Options{Tier: tierBPF})
	for _, l := range s.Listeners {
		if l.Port != port || l.Namespace == "" {
			continue
		}
		if !strings.HasPrefix(l.Namespace, fmt.Sprintf("socket of pid %d", os.Getpid())) {
			t.Errorf("namespace %q", l.Namespace)
		}
		conn, err := s.Dial(t.Context(), l, "tcp")
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		return
	}
	t.Error("not seen")
}

// TestDialDevice dials a listener that only takes what comes by one device, in another namespace.
func TestDialDevice(t *testing.T) {
	needRoot(t)
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("needs ip, from iproute2")
	}
	var failed error
	onThread(func() {
		if failed = unix.Unshare(unix.CLONE_NEWNET); failed != nil {
			return
		}
		for _, args := range []string{"link add d0 type veth peer name d1", "address add 10.99.0.1/24 dev d0", "link set d0 up", "link set d1 up", "link set lo up"} {
			if out, err := exec.Command(ip, strings.Fields(args)...).CombinedOutput(); err != nil {
				failed = fmt.Errorf("ip %s: %w: %s", args, err, out)
				return
			}
		}
		bound := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return bindTo("d0", c) }}
		listener, err := bound.Listen(t.Context(), "tcp4", "0.0.0.0:3706")
		if failed = err; err == nil {
			t.Cleanup(func() { listener.Close() })
		}
	})
	if failed != nil {
		t.Skip(failed)
	}
	s := mustLook(t, Options{Tier: tierBPF})
	for _, l := range s.Listeners {
		if l.Device != "d0" {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		conn, err := s.Dial(ctx, l, "tcp")
		if err != nil {
			t.Fatal(err)
		}
		if conn.RemoteAddr().String() != "10.99.0.1:3706" {
			t.Error(conn.RemoteAddr())
		}
		conn.Close()
		return
	}
	t.Error("not seen")
}

// TestVanishingRooms looks while namespaces come and go.
func TestVanishingRooms(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for ctx.Err() == nil {
				cmd := exec.Command("/bin/true")
				inNewRoom(cmd)
				cmd.Run()
			}
		}()
		for range 10 {
			for _, gap := range mustLook(t, Options{Tier: tier}).Coverage.Gaps {
				if strings.Contains(gap.What, "namespace") {
					t.Errorf("%+v", gap)
				}
			}
		}
		stop()
		<-stopped
	})
}

// TestClosedRoom dials after the Snapshot was closed.
func TestClosedRoom(t *testing.T) {
	needRoot(t)
	_, _, name := startRoom(t)
	s := mustLook(t, Options{Tier: tierDiag})
	there := inRoom(s, name)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if len(there) == 0 {
		t.Fatal("not seen")
	}
	if conn, err := s.Dial(t.Context(), there[0], "tcp"); err == nil {
		conn.Close()
		t.Error("dialled through a closed Snapshot")
	}
}

// TestKernelSocket checks a socket that the kernel itself opened.
func TestKernelSocket(t *testing.T) {
	needRoot(t)
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("needs ip, from iproute2")
	}
	server, _, name := startRoom(t)
	add := exec.Command("nsenter", "-t", strconv.Itoa(server.pid()), "-n",
		ip, "link", "add", "tunnel", "type", "vxlan", "id", "7", "dstport", "4789", "local", "127.0.0.1", "dev", "lo")
	if out, err := add.CombinedOutput(); err != nil {
		t.Skipf("no vxlan: %v: %s", err, out)
	}
	raise := exec.Command("nsenter", "-t", strconv.Itoa(server.pid()), "-n", ip, "link", "set", "tunnel", "up")
	if out, err := raise.CombinedOutput(); err != nil {
		t.Skipf("no vxlan: %v: %s", err, out)
	}
	for _, tier := range []string{tierBPF, tierDiag, tierProc} {
		seen := false
		for _, l := range inRoom(mustLook(t, Options{Tier: tier}), name) {
			if l.Port == 4789 {
				seen = true
				if l.Holders[0].PID != 0 || l.Holders[0].Unseen == "" || l.LikelyClient {
					t.Errorf("%s: %+v", tier, l)
				}
			}
		}
		if !seen {
			t.Errorf("%s: not seen", tier)
		}
	}
}
