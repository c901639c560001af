// Asks sock_diag for sockets: a tenth of the price of /proc/net, and it tells device, cgroup and cookie.

package observe

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// diag asks the kernel for its sockets. It stays with the network namespace in which it was opened.
type diag struct {
	fd       int
	sequence uint32
	buffer   []byte
}

// diagPatience bounds each answer of the kernel, which normally takes microseconds.
const diagPatience = 5 * time.Second

// diagBuffer holds the largest datagram that the kernel makes for a dump (32 KiB).
const diagBuffer = 32 << 10

func openDiag() (*diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	patience := unix.NsecToTimeval(diagPatience.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	return &diag{fd: fd, buffer: make([]byte, diagBuffer)}, nil
}

func (d *diag) close() { unix.Close(d.fd) }

// sockets lists what the table of /proc/net with the same name would, and more of each. It asks again when the sockets
// changed meanwhile; after some times, whole is false: on such a host something may always be missing.
func (d *diag) sockets(t table) (all []socket, whole bool, err error) {
	const times = 4
	for range times {
		answer := dump{}
		err := d.ask(t.family, t.protocol(), 1<<t.state(), &answer)
		if err != nil {
			return nil, false, fmt.Errorf("sock_diag: list %s: %w", t.name, err)
		}
		if all = answer.sockets; !answer.interrupted {
			return all, true, nil
		}
	}
	return all, false, nil
}

// ask has the kernel list sockets, and reads its answer to the end.
func (d *diag) ask(family, protocol uint8, states uint32, answer *dump) error {
	d.sequence++
	answer.sequence = d.sequence
	request := diagRequest(d.sequence, family, protocol, states)
	if err := unix.Sendto(d.fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	for !answer.done {
		n, from, err := unix.Recvfrom(d.fd, d.buffer, 0)
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			return errors.New("the kernel does not answer")
		}
		if err != nil {
			return err
		}
		if kernel, ok := from.(*unix.SockaddrNetlink); !ok || kernel.Pid != 0 {
			continue // other programs may write to us
		}
		if err := answer.read(d.buffer[:n]); err != nil {
			return err
		}
	}
	return nil
}

// ports lists the ports of all sockets of a protocol, in whatever state. A port may be missing when sockets change
// meanwhile.
func (d *diag) ports(protocol uint8) (map[uint16]bool, error) {
	const allStates = 1<<32 - 1
	answer := dump{ports: map[uint16]bool{}}
	for _, family := range []uint8{familyIPv4, familyIPv6} {
		answer.done = false
		err := d.ask(family, protocol, allStates, &answer)
		if err != nil && !(family == familyIPv6 && errors.Is(err, unix.ENOENT)) { // there may be no IPv6
			return nil, fmt.Errorf("sock_diag: list all sockets of protocol %d: %w", protocol, err)
		}
	}
	return answer.ports, nil
}
