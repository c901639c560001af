//go:build !windows

package sweep

import "syscall"

// What connecting is answered with.
const (
	errRefused   = syscall.ECONNREFUSED
	errReset     = syscall.ECONNRESET
	errNoBuffers = syscall.ENOBUFS
)
