// Package datagram opens UDP sockets that hear the answers of a host from whichever of its ports they come, as those of
// TFTP do. An ordinary socket is connected to one port and hears no other; in return it is told when nobody is there.
package datagram

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// AnyPort is the network for which Dial opens such a socket.
const AnyPort = "udp any port"

// Dial is d.DialContext that also knows AnyPort. The address must be IP:PORT for that.
func Dial(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	if network != AnyPort {
		return d.DialContext(ctx, network, address)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	// Only the host is told apart from others, so the socket is bound to the address from which that is reached.
	route, err := d.DialContext(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	defer route.Close()
	from := route.LocalAddr().(*net.UDPAddr).AddrPort()
	listen := net.ListenConfig{Control: d.Control}
	conn, err := listen.ListenPacket(ctx, "udp", netip.AddrPortFrom(from.Addr(), 0).String())
	if err != nil {
		return nil, err
	}
	return &socket{conn.(*net.UDPConn), to}, nil
}

// socket sends to one port of a host and hears all of them.
type socket struct {
	*net.UDPConn
	to netip.AddrPort
}

// Read takes the next datagram from the host and leaves out those of others.
func (s *socket) Read(p []byte) (int, error) {
	for {
		n, from, err := s.ReadFromUDPAddrPort(p)
		if err != nil || from.Addr().Unmap().WithZone("") == s.to.Addr().Unmap().WithZone("") {
			return n, err
		}
	}
}

func (s *socket) Write(p []byte) (int, error) { return s.WriteToUDPAddrPort(p, s.to) }

// RemoteAddr is the port that is asked.
func (s *socket) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(s.to) }
