// Finds out what this process may do.

package observe

import (
	"golang.org/x/sys/unix"
)

// The inodes that the kernel gives its first namespaces (linux/proc_ns.h).
const (
	initialPIDNamespace  = 0xEFFFFFFC
	initialUserNamespace = 0xEFFFFFFD
)

// powers finds out what this process may do. In a user namespace of its own it has capabilities that the rest of the host
// does not honour. Elsewhere, too, a power may be refused (security modules): then looking says so.
func (p *procfs) powers() powers {
	pidNamespace, err := p.linked("self/ns/pid", "pid")
	has := capabilities()
	if user, err := p.linked("self/ns/user", "user"); err == nil && user != initialUserNamespace {
		has = func(int) bool { return false }
	}
	return powers{
		bpf:      has(unix.CAP_SYS_ADMIN) || has(unix.CAP_BPF) && has(unix.CAP_PERFMON),
		others:   has(unix.CAP_SYS_PTRACE) && (has(unix.CAP_DAC_READ_SEARCH) || has(unix.CAP_DAC_OVERRIDE)),
		hostPIDs: err == nil && pidNamespace == initialPIDNamespace,
		recorded: p.recorded,
	}
}

// capabilities returns a function that tells whether this thread has a capability in effect.
func capabilities() func(number int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return func(int) bool { return false }
	}
	return func(number int) bool {
		return data[number/32].Effective&(1<<(number%32)) != 0
	}
}
