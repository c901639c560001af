//go:build !linux

package sweep

import (
	"net"
	"net/netip"
)

// dialLoopback knows no way that is shorter than any other.
func dialLoopback(netip.AddrPort) (conn net.Conn, err error, known bool) { return nil, nil, false }
