package observe

import (
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

func TestOnlyIPv6(t *testing.T) {
	needRoot(t)
	for _, tier := range []string{tierBPF, tierDiag} {
		only := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1) })
		}}
		listener, err := only.Listen(t.Context(), "tcp6", "[::]:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		l := at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.MustParseAddrPort(listener.Addr().String()))
		if l == nil || l.DualStack {
			t.Errorf("%s: %+v", tier, l)
		}
	}
}

// TestMapped checks that a socket of IPv6 which is bound to an IPv4 address is a Listener of IPv4.
func TestMapped(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		fd := rawSocket(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
		mapped := &unix.SockaddrInet6{Addr: netip.MustParseAddr("::ffff:127.0.0.1").As16()}
		where := listenRaw(t, fd, mapped)
		l := at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), where))
		if l == nil || l.DualStack || l.Scope != rtevent.Loopback {
			t.Errorf("%+v", l)
		}
	})
}

func rawSocket(t *testing.T, family, kind, protocol int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func listenRaw(t *testing.T, fd int, where unix.Sockaddr) uint16 {
	t.Helper()
	if err := unix.Bind(fd, where); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	return portOf(t, fd)
}

func portOf(t *testing.T, fd int) uint16 {
	t.Helper()
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(name.Port)
	case *unix.SockaddrInet6:
		return uint16(name.Port)
	}
	t.Fatalf("%T", name)
	return 0
}

func TestMPTCP(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocolMPTCP)
		if err != nil {
			t.Skip("the kernel has no MPTCP")
		}
		defer unix.Close(fd)
		port := listenRaw(t, fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
		l := at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
		if l == nil || !slices.Equal(pidsOf(l), []int{os.Getpid()}) {
			t.Errorf("%+v", l)
		}
	})
}

// TestClients checks which UDP sockets are servers.
func TestClients(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		connected, err := net.Dial("udp4", "127.0.0.1:9")
		if err != nil {
			t.Fatal(err)
		}
		defer connected.Close()
		chosen, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		asked := chosen.LocalAddr().String()
		chosen.Close() // now free for one who asks for it
		server, err := net.ListenPacket("udp4", asked)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		chosen, err = net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer chosen.Close()

		s := mustLook(t, Options{Tier: tier})
		if l := at(t, s, rtevent.UDP, netip.MustParseAddrPort(connected.LocalAddr().String())); l != nil {
			t.Errorf("a connected socket is listed: %+v", l)
		}
		if l := at(t, s, rtevent.UDP, netip.MustParseAddrPort(chosen.LocalAddr().String())); l == nil || !l.LikelyClient {
			t.Errorf("a port that the kernel chose: %+v", l)
		}
		// Only the iterator tells that this port was asked for.
		if l := at(t, s, rtevent.UDP, netip.MustParseAddrPort(asked)); l == nil || l.LikelyClient != (tier != tierBPF) {
			t.Errorf("a port that was asked for: %+v", l)
		}
	})
}

// TestShared checks that everybody who holds a socket is named, once.
func TestShared(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		reuse := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		}}
		first, err := reuse.Listen(t.Context(), "tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		second, err := reuse.Listen(t.Context(), "tcp4", first.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		inherited, err := second.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer inherited.Close()
		child, _ := play(t, "hold", func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{inherited} })

		l := at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.MustParseAddrPort(first.Addr().String()))
		want := []int{os.Getpid(), child.pid()}
		slices.Sort(want)
		if l == nil || !slices.Equal(pidsOf(l), want) {
			t.Fatalf("got %+v, want holders %v", l, want)
		}
		if tier == tierBPF {
			checkFree(t, l.Holders, child.pid())
		}
		child.stop()
		l = at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.MustParseAddrPort(first.Addr().String()))
		if l == nil || !slices.Equal(pidsOf(l), []int{os.Getpid()}) {
			t.Errorf("after the child ended: %+v", l)
		}
	})
}

// checkFree checks what the iterator tells of a holder for free.
func checkFree(t *testing.T, holders []rtevent.Owner, pid int) {
	t.Helper()
	for _, h := range holders {
		if h.PID != pid {
			continue
		}
		if age := time.Since(h.Started); h.Name == "" || age < 0 || age > time.Minute {
			t.Errorf("name %q, started %v ago", h.Name, age)
		}
	}
}

// TestThread checks the descriptors of a thread that shares none with its process.
func TestThread(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		ports, done := make(chan uint16), make(chan struct{})
		defer close(done)
		go onThread(func() {
			if err := unix.Unshare(unix.CLONE_FILES); err != nil {
				close(ports)
				return
			}
			fd, _ := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
			unix.Listen(fd, 1)
			name, _ := unix.Getsockname(fd)
			ports <- uint16(name.(*unix.SockaddrInet4).Port)
			<-done
		})
		port := <-ports
		l := at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
		if port == 0 || l == nil || !slices.Equal(pidsOf(l), []int{os.Getpid()}) {
			t.Errorf("port %d: %+v", port, l)
		}
	})
}

// TestInFlight checks a socket that no process holds: it is on its way through another socket.
func TestInFlight(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(pair[0])
		defer unix.Close(pair[1])
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		port := listenRaw(t, fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
		if err := unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(fd), nil, 0); err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		l := at(t, mustLook(t, Options{Tier: tier}), rtevent.TCP, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
		if l == nil {
			t.Fatal("not seen")
		}
		h := l.Holders[0]
		if h.PID != 0 || h.Unseen == "" || h.UID == nil || *h.UID != 0 {
			t.Errorf("holder %+v", h)
		}
	})
}

// TestDevice checks a socket that is bound to a device, and that it can be dialled.
func TestDevice(t *testing.T) {
	needRoot(t)
	bound := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return bindTo("lo", c) }}
	listener, err := bound.Listen(t.Context(), "tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, tier := range []string{tierBPF, tierDiag} {
		s := mustLook(t, Options{Tier: tier})
		l := at(t, s, rtevent.TCP, netip.MustParseAddrPort(listener.Addr().String()))
		if l == nil || l.Device != "lo" {
			t.Fatalf("%s: %+v", tier, l)
		}
		conn, err := s.Dial(t.Context(), *l, "tcp")
		if err != nil {
			t.Errorf("%s: %v", tier, err)
			continue
		}
		conn.Close()
	}
}

// TestOtherTransports checks that what is not observed is at least said.
func TestOtherTransports(t *testing.T) {
	const protocolUDPLite = 136
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, protocolUDPLite)
	if err != nil {
		t.Skip("the kernel has no UDP-Lite")
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	s := mustLook(t, Options{})
	if !slices.ContainsFunc(s.Coverage.Gaps, func(g rtevent.Gap) bool { return strings.Contains(g.What, "UDP-Lite") }) {
		t.Errorf("coverage %+v", s.Coverage)
	}
}
