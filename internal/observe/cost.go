// Chooses how to look: what sees most, and of equals what costs least on this host.

package observe

import (
	"fmt"
	"time"
)

// What things cost, measured on two virtual processors of a cloud machine (kernel 6.18, Go 1.26). A walk that is the first
// one costs the most, and whoever types a command walks first. Being wrong by a factor of two moves the choice only
// where both ways cost nearly the same.
const (
	costLoadBPF       = 30 * time.Millisecond // nearly all of it reads the kernel's type information
	costIterate       = 300 * time.Nanosecond // a descriptor
	costDescriptor    = 4 * time.Microsecond  // to list and to read; 1.6 µs when idle and warm
	costOpenDirectory = 10 * time.Microsecond // a process

	// mostGain is how many workers make a walk faster, as far as we know: they share the kernel's locks.
	mostGain = 4
)

// load is the size of the host, as far as it makes looking slow.
type load struct {
	processes   int
	descriptors int
	workers     int
}

func (l load) walk() time.Duration {
	work := time.Duration(l.descriptors)*costDescriptor + time.Duration(l.processes)*costOpenDirectory
	return work / time.Duration(min(max(l.workers, 1), mostGain))
}

func (l load) iterate() time.Duration {
	return costLoadBPF + time.Duration(l.descriptors)*costIterate
}

// powers are what this process may do, and what that is good for.
type powers struct {
	bpf      bool // load BPF programs that read the kernel
	others   bool // read the descriptors of the processes of others
	hostPIDs bool // processes have the same numbers for us as for the kernel
	recorded bool // proc is a recording: the kernel is not to be asked
}

// whyNoBPF says why BPF is not even tried.
func (p powers) whyNoBPF() string {
	if !p.bpf {
		return "BPF needs CAP_BPF and CAP_PERFMON"
	}
	return "BPF does not know the process numbers of this PID namespace"
}

// choose takes the cheaper tier of those that show the same, or the one that shows more.
func choose(l load, p powers) (tier, why string) {
	switch size := fmt.Sprintf("about %d descriptors of %d processes", l.descriptors, l.processes); {
	case p.recorded:
		return tierProc, "/proc is a recording"
	case !p.bpf, !p.hostPIDs:
		return tierDiag, p.whyNoBPF()
	case !p.others:
		return tierBPF, "a walk would need CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
	case l.walk() <= l.iterate():
		return tierDiag, size + ": walking them is cheaper than loading BPF"
	default:
		return tierBPF, size + ": loading BPF is cheaper than walking them"
	}
}
