// Dials a Listener from where it can be reached: its own network namespace and device.

package observe

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"rtevent"
	"rtevent/internal/datagram"
)

func (s *Snapshot) dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	if l.Namespace == "" {
		return dialHere(ctx, l, network)
	}
	key, ok := s.rooms[l.Namespace].(*os.File)
	if !ok {
		return nil, fmt.Errorf("dial %s: network namespace %s was not entered: %w", l.PortName(), l.Namespace, fs.ErrPermission)
	}
	return dialIn(ctx, key, l, network)
}

// dialIn dials from a network namespace.
func dialIn(ctx context.Context, key *os.File, l rtevent.Listener, network string) (conn net.Conn, err error) {
	onThread(func() {
		if err = enter(key); err == nil {
			conn, err = dialHere(ctx, l, network)
		}
	})
	return conn, err
}

// dialHere dials from the network namespace that the thread is in.
func dialHere(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	var dialer net.Dialer
	at := l.AddrPort()
	if l.Device != "" {
		dialer.Control = func(_, _ string, c syscall.RawConn) error { return bindTo(l.Device, c) }
		at = netip.AddrPortFrom(addressOn(l), l.Port)
	}
	return datagram.Dial(ctx, &dialer, network, at.String())
}

// bindTo makes a connection leave by a device: a socket that is bound to one takes nothing else.
func bindTo(device string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) { failed = unix.BindToDevice(int(fd), device) })
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("bind to device %s: %w", device, err)
	}
	return nil
}

// addressOn is where a Listener that is bound to a device can be dialled: an own address of that device when it takes
// all, and with the zone that link-local addresses need.
func addressOn(l rtevent.Listener) netip.Addr {
	address := l.Address
	if address.IsUnspecified() {
		address = ownAddress(l.Device, address.Is4() || l.DualStack, l.AddrPort().Addr())
	}
	if address.Is6() && address.IsLinkLocalUnicast() {
		return address.WithZone(l.Device)
	}
	return address
}

// ownAddress is the first address of a device, of one family; otherwise when it has none.
func ownAddress(name string, v4 bool, otherwise netip.Addr) netip.Addr {
	device, err := net.InterfaceByName(name)
	if err != nil {
		return otherwise
	}
	addresses, err := device.Addrs()
	if err != nil {
		return otherwise
	}
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is4() == v4 {
			return prefix.Addr()
		}
	}
	return otherwise
}
