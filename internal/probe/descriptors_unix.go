//go:build unix

package probe

import "syscall"

// spare is how many descriptors are left for everything that is no connection.
const spare = 64

// descriptors is how many connections this process may have open.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 - spare
	}
	return max(int(min(uint64(limit.Cur), 1<<20))-spare, 1)
}
