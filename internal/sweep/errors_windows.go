package sweep

import "syscall"

// What connecting is answered with, by the numbers of Windows Sockets.
const (
	errRefused   = syscall.Errno(10061) // WSAECONNREFUSED
	errReset     = syscall.WSAECONNRESET
	errNoBuffers = syscall.Errno(10055) // WSAENOBUFS
)
