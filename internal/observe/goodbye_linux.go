// Hears of every socket that ends from the groups in which sock_diag announces that: no capability is needed.

package observe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// goodbyes is a membership in those groups. It hears of its own network namespace only, and not who ended a socket.
type goodbyes struct {
	file   *os.File
	closed chan struct{}
}

// The groups of linux/sock_diag.h, for both families.
const (
	groupTCPDestroy  = 1
	groupUDPDestroy  = 2
	groupTCP6Destroy = 3
	groupUDP6Destroy = 4
)

// goodbyeBuffer holds a burst of 10,000 sockets that end at once: each message takes about a kilobyte of it.
const goodbyeBuffer = 8 << 20

func joinGoodbyes(groups ...int) (*goodbyes, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	g := &goodbyes{os.NewFile(uintptr(fd), "sock_diag destroy groups"), make(chan struct{})}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, goodbyeBuffer) // needs CAP_NET_ADMIN
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, goodbyeBuffer)      // takes as much as is allowed
	if err := passOnlyPeerless(fd); err != nil {
		g.Close()
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil { // nothing is sent to the nameless
		g.Close()
		return nil, fmt.Errorf("bind sock_diag: %w", err)
	}
	for _, group := range groups {
		if err := unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group); err != nil {
			g.Close()
			return nil, fmt.Errorf("join the destroy groups of sock_diag: %w", err)
		}
	}
	return g, nil
}

// passOnlyPeerless has the kernel itself drop what is told of connections: a busy server ends thousands each second.
func passOnlyPeerless(fd int) error {
	const remotePort = netlinkHeader + 6
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: remotePort},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0, Jf: 1},
		{Code: unix.BPF_RET, K: 1<<32 - 1},
		{Code: unix.BPF_RET},
	}
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{
		Len: uint16(len(program)), Filter: &program[0],
	})
	if err != nil {
		return fmt.Errorf("filter the destroy groups of sock_diag: %w", err)
	}
	return nil
}

// Close ends the membership, once.
func (g *goodbyes) Close() error {
	close(g.closed)
	return g.file.Close()
}

func (g *goodbyes) isClosed() bool {
	select {
	case <-g.closed:
		return true
	default:
		return false
	}
}

// read puts every end of a socket without a peer into the backlog, until it is closed. What found no room in the kernel's
// buffer is found by listing, as everything is.
func (g *goodbyes) read(b *backlog) error {
	raw, err := g.file.SyscallConn()
	if err != nil {
		return err
	}
	buffer := make([]byte, diagBuffer)
	for {
		var n int
		var from unix.Sockaddr
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, from, failed = unix.Recvfrom(int(fd), buffer, 0)
			return !errors.Is(failed, unix.EAGAIN)
		})
		switch {
		case g.isClosed():
			return nil
		case err != nil:
			return fmt.Errorf("read the destroy groups of sock_diag: %w", err)
		case errors.Is(failed, unix.ENOBUFS), errors.Is(failed, unix.EINTR):
			continue
		case failed != nil:
			return fmt.Errorf("read the destroy groups of sock_diag: %w", failed)
		}
		if kernel, ok := from.(*unix.SockaddrNetlink); !ok || kernel.Pid != 0 {
			continue // other programs may write to us
		}
		now := sinceBoot()
		parseGoodbyes(buffer[:n], func(cookie uint64, port uint16) {
			b.push(happening{kind: socketDestroyed, at: now, cookie: cookie, port: port})
		})
	}
}

// parseGoodbyes reads one datagram. What makes no sense is passed over.
func parseGoodbyes(datagram []byte, each func(cookie uint64, port uint16)) {
	native := binary.NativeEndian
	for len(datagram) >= netlinkHeader {
		length := int(native.Uint32(datagram))
		if length < netlinkHeader || length > len(datagram) {
			return
		}
		kind, body := native.Uint16(datagram[4:]), datagram[netlinkHeader:length]
		datagram = datagram[min(align4(length), len(datagram)):]
		if kind == diagByFamily && len(body) >= diagMessageSize {
			cookie := uint64(native.Uint32(body[44:])) | uint64(native.Uint32(body[48:]))<<32
			each(cookie, binary.BigEndian.Uint16(body[4:]))
		}
	}
}
