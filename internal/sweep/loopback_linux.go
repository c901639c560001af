package sweep

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// dialLoopback connects to a port of this host itself. There the answer is known before connect returns, and asking
// connect again tells it, at half the cost of waiting for the poller to tell. It is false where it is not known yet.
func dialLoopback(at netip.AddrPort) (conn net.Conn, err error, known bool) {
	family, address := sockaddr(at)
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err), true
	}
	err = syscall.Connect(fd, address)
	if errors.Is(err, syscall.EINPROGRESS) {
		err = syscall.Connect(fd, address)
	}
	switch {
	case err == nil || errors.Is(err, syscall.EISCONN):
		conn, err := connOf(fd)
		return conn, err, conn == nil || !self(conn)
	case errors.Is(err, syscall.EALREADY) || errors.Is(err, syscall.EINTR):
		syscall.Close(fd)
		return nil, nil, false
	default:
		syscall.Close(fd)
		return nil, os.NewSyscallError("connect", err), true
	}
}

func sockaddr(at netip.AddrPort) (family int, address syscall.Sockaddr) {
	if at.Addr().Is4() {
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	return syscall.AF_INET6, &syscall.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}

// connOf gives a connected socket to package net.
func connOf(fd int) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "")
	defer file.Close()
	return net.FileConn(file)
}

// self tells a connection that met itself: the kernel may pick as its own port the one that it connects to. It closes it.
func self(conn net.Conn) bool {
	if conn.LocalAddr().String() != conn.RemoteAddr().String() {
		return false
	}
	conn.Close()
	return true
}
