// Tries to bind every port, and explains each one that is in use.

package observe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// prober probes the ports of one transport.
type prober struct {
	transport rtevent.Transport
	protocol  uint8
	kind      int
	family    int

	// listed lists the ports that sockets have, as far as the kernel shows them; held those that processes have, which
	// old kernels do not show when a TCP socket is bound and nothing more.
	listed func(protocol uint8) (map[uint16]bool, error)
	held   func(ctx context.Context, protocol uint8) map[uint16]bool
}

func bindProbe(ctx context.Context) (hidden []Hidden, err error) {
	d, err := openDiag()
	if err != nil {
		return nil, err
	}
	defer d.close()
	var refused error
	for _, p := range []prober{
		{transport: rtevent.TCP, protocol: protocolTCP, kind: unix.SOCK_STREAM},
		{transport: rtevent.UDP, protocol: protocolUDP, kind: unix.SOCK_DGRAM},
	} {
		p.listed, p.held, p.family = d.ports, portsHeld, bindFamily()
		found, err := p.probe(ctx)
		if errors.Is(err, fs.ErrPermission) {
			refused, err = err, nil
		}
		if err != nil {
			return nil, err
		}
		hidden = append(hidden, found...)
	}
	return hidden, refused
}

// bindFamily is IPv6 where there is any: a socket on [::] meets the sockets of both families.
func bindFamily() int {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return unix.AF_INET
	}
	defer unix.Close(fd)
	if unix.Bind(fd, &unix.SockaddrInet6{}) != nil {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// probe tries every port. What is not explained at once is tried again.
func (p prober) probe(ctx context.Context) ([]Hidden, error) {
	every := make([]uint16, 0, 1<<16)
	for port := 1; port < 1<<16; port++ {
		every = append(every, uint16(port))
	}
	suspects, refused, err := p.unexplained(ctx, every)
	const times = 2
	for range times {
		if err != nil || len(suspects) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond): // for what comes and goes
		}
		suspects, _, err = p.unexplained(ctx, suspects)
	}
	if err == nil && len(suspects) > 0 {
		suspects = without(suspects, p.held(ctx, p.protocol))
	}
	if err != nil {
		return nil, err
	}
	var hidden []Hidden
	for _, port := range suspects {
		hidden = append(hidden, Hidden{p.transport, port})
	}
	if refused > 0 {
		return hidden, fmt.Errorf("bind %d %s ports: needs CAP_NET_BIND_SERVICE: %w", refused, p.transport, fs.ErrPermission)
	}
	return hidden, nil
}

// unexplained returns those of the ports that are in use, and that neither a listing before nor one after explains.
func (p prober) unexplained(ctx context.Context, ports []uint16) (used []uint16, refused int, err error) {
	before, err := p.listed(p.protocol)
	if err != nil {
		return nil, 0, err
	}
	for i, port := range ports {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		switch err := p.try(port); {
		case errors.Is(err, unix.EADDRINUSE):
			used = append(used, port)
		case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
			refused++
		case err != nil:
			return nil, 0, fmt.Errorf("bind %s port %d: %w", p.transport, port, err)
		}
	}
	after, err := p.listed(p.protocol)
	if err != nil {
		return nil, 0, err
	}
	return without(without(used, before), after), refused, nil
}

func without(ports []uint16, known map[uint16]bool) (rest []uint16) {
	for _, port := range ports {
		if !known[port] {
			rest = append(rest, port)
		}
	}
	return rest
}

// try binds a port and lets go of it.
func (p prober) try(port uint16) error {
	fd, err := unix.Socket(p.family, p.kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if p.transport == rtevent.TCP {
		// A server that sets it too, as nearly all do, is then not refused if it starts just now. Over UDP it would let us
		// share a port with whoever hides there.
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return err
		}
	}
	if p.family == unix.AF_INET {
		return unix.Bind(fd, &unix.SockaddrInet4{Port: int(port)})
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrInet6{Port: int(port)})
}

// portsHeld finds the ports of the sockets that processes have, by borrowing every one: kernels before 6.8 list no TCP
// socket that is bound and neither listens nor is connected. It is slow, and asked only of what nothing else explains.
func portsHeld(ctx context.Context, protocol uint8) map[uint16]bool {
	held := map[uint16]bool{}
	proc, err := openProc("")
	if err != nil {
		return held
	}
	defer proc.close()
	pids, err := proc.pids()
	if err != nil {
		return held
	}
	names := make([]byte, 16<<10)
	for _, pid := range pids {
		process, err := unix.PidfdOpen(pid, 0)
		if err != nil || ctx.Err() != nil {
			continue
		}
		proc.list(strconv.Itoa(pid)+"/fd", names, func(_ uint64, _ byte, name []byte) bool {
			if fd, ok := number(name); ok {
				if port := portOfDescriptor(process, fd, protocol); port != 0 {
					held[port] = true
				}
			}
			return true
		})
		unix.Close(process)
	}
	return held
}

// portOfDescriptor is the port of another process's socket; 0 when it is none, or has none.
func portOfDescriptor(process, descriptor int, protocol uint8) uint16 {
	fd, err := unix.PidfdGetfd(process, descriptor, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	speaks, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err != nil || speaks != int(protocol) && !(protocol == protocolTCP && speaks == protocolMPTCP) {
		return 0
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(name.Port)
	case *unix.SockaddrInet6:
		return uint16(name.Port)
	}
	return 0
}
