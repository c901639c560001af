// Says why a holder was not seen.

package observe

import (
	"fmt"
	"strings"

	"rtevent"
)

const (
	needsCapabilities = "needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
	mountProc         = "mount a procfs on /proc"
)

// blindness is all that may keep the holder of a socket from being seen.
type blindness struct {
	powers
	noProc      bool
	hidepid     string // the mount option that hides the processes of others
	iterated    bool   // the kernel itself went through all processes
	refused     []int  // the processes that do not let us read them
	refusedName string // of the first of them
}

// why is the reason for which no holder of a socket was seen. It names a process only when no other comes into
// question, and even then does not claim that it is the holder.
func (b blindness) why() string {
	switch {
	case b.noProc && !b.iterated:
		return "there is no /proc to find its process in"
	case b.hides():
		return needsCapabilities + " (/proc is mounted with " + b.hidepid + ")"
	case !b.others && !b.iterated && len(b.refused) > 0:
		return needsCapabilities
	case len(b.refused) == 1:
		return fmt.Sprintf("no process that may be read holds it; pid %d (%s) refuses even with all capabilities",
			b.refused[0], b.refusedName)
	case len(b.refused) > 1:
		return fmt.Sprintf("no process that may be read holds it; %d processes refuse even with all capabilities",
			len(b.refused))
	case !b.hostPIDs && !b.iterated:
		return "no process of this PID namespace holds it"
	}
	return "no process has a descriptor of it: it is the kernel's own, registered with io_uring, or on its way from one " +
		"process to another"
}

// hides tells whether /proc leaves out processes of others.
func (b blindness) hides() bool { return b.hidepid != "" && !b.others && !b.iterated }

// gap says how many listeners lack a holder because of it. There is none when every process was read: then nobody
// holds them, and that is an answer.
func (b blindness) gap(listeners []rtevent.Listener) (gap rtevent.Gap, any bool) {
	count := 0
	for _, l := range listeners {
		if l.Holders[len(l.Holders)-1].Unseen != "" {
			count++
		}
	}
	blind := len(b.refused) > 0 || b.hides() || !b.iterated && (b.noProc || !b.hostPIDs)
	if count == 0 || !blind {
		return gap, false
	}
	gap = rtevent.Gap{What: "owners of " + counted(count, "listener"), Why: b.why()}
	switch {
	case b.noProc:
		gap.Remedy = mountProc
	case !b.hostPIDs:
		gap.Remedy = "run in the host's PID namespace"
	case strings.HasPrefix(gap.Why, needsCapabilities):
		gap.Remedy = "run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
	}
	return gap, true
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
