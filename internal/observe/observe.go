// Package observe tells which sockets listen: in every network namespace, with every process that holds one.
//
// It asks the kernel in the cheapest way that this host allows. The ladder, best first:
//
//   - bpf: sock_diag lists the sockets, a BPF iterator over all descriptors of all processes names the holders. It also
//     finds sockets in namespaces that no process and no mount leads to.
//   - sock_diag+proc: sock_diag lists the sockets, a walk through /proc/PID/fd names the holders. On a small host this
//     is faster than loading BPF.
//   - proc: /proc/net lists the sockets, without device, cgroup and cookie; for kernels without sock_diag.
//
// Look tells what listens now. A Watch goes on to tell what changes, at the moment that it does: BPF programs are told by
// the kernel of every TCP and UDP socket that opens or closes, with the process that did it. Where that is not allowed,
// sockets are listed several times a second, and the destroy groups of sock_diag tell which of them end. Each rung is
// taken by really trying it, for TCP and UDP apart.
//
// What a rung cannot see is part of the answer: a socket whose holder is hidden has an Owner that says why, and
// Coverage lists the gaps. Kernel views that ought to agree are compared, and a Listener says which of them hides it.
package observe

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"rtevent"
)

// The tiers, as Options spell them.
const (
	tierBPF  = "bpf"
	tierDiag = "sock_diag"
	tierProc = "proc"
)

// Options choose how to look; the zero value chooses by cost.
type Options struct {
	// Tier forces one way of looking: "bpf", "sock_diag" or "proc". Looking then fails where that way is closed,
	// instead of taking the next one. Empty chooses by cost.
	Tier string

	// Root is the directory that holds proc; empty is "/". A proc below another root that is not a procfs is
	// taken as a recording: then the running kernel is not asked at all.
	Root string

	// BPFTimeout bounds the loading and each reading of BPF programs, which hang on some kernels; 0 is 2 s.
	BPFTimeout time.Duration

	// The rest is for watching. Poll is how often sockets are listed where the kernel does not tell of them; 0 is
	// 250 ms. Reconcile is how often everything is looked at anew in any case, and is no more often than costs a
	// thousandth of the time; 0 is 30 s, and 5 s where much is not told. Ring is the size of the ring between the kernel and us in
	// bytes, a power of two; 0 is 4 MiB. Backlog is how many happenings may wait for us; 0 is a million (84 MB). Climb
	// is how long after its loss BPF is tried again for the first time; 0 is 30 s.
	Poll      time.Duration
	Reconcile time.Duration
	Climb     time.Duration
	Ring      int
	Backlog   int
}

func (o Options) check() error {
	switch o.Tier {
	case "", tierBPF, tierDiag, tierProc:
		return nil
	}
	return errors.New("tier " + o.Tier + ": want bpf, sock_diag or proc")
}

// Snapshot is what listened at one moment.
type Snapshot struct {
	// Listeners are sorted by port, transport, address and namespace.
	Listeners []rtevent.Listener

	Coverage rtevent.Coverage

	// blind is why holders may be missing, gaps what else could not be seen.
	blind blindness
	gaps  []rtevent.Gap

	// rooms lead back into the network namespaces other than our own, by Listener.Namespace.
	rooms map[string]io.Closer
}

// Look lists what listens now. Holders carry the PID, and name and start where they come for free; the rest of an Owner
// is for others to fill. The error says why nothing could be seen at all; it wraps errors.ErrUnsupported where there is
// no way to look. Close the Snapshot when nothing is to be dialled any more.
func Look(ctx context.Context, o Options) (*Snapshot, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	began := time.Now()
	s, err := look(ctx, o)
	if err != nil {
		return nil, err
	}
	s.Coverage.TookMS = time.Since(began).Milliseconds()
	return s, nil
}

// CoverageOf says how well some of the Listeners were seen: owners that only others lack are no gap of theirs.
func (s *Snapshot) CoverageOf(some []rtevent.Listener) rtevent.Coverage {
	c := s.Coverage
	c.Gaps = slices.Clone(s.gaps)
	if gap, any := s.blind.gap(some); any {
		c.Gaps = append(c.Gaps, gap)
	}
	return c
}

// Dial connects to a Listener of the Snapshot from inside its own network namespace. The network is "tcp" or "udp". A
// Listener that is bound to a device is dialled through that device.
func (s *Snapshot) Dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	return s.dial(ctx, l, network)
}

// Close lets go of the network namespaces that the Snapshot keeps for Dial.
func (s *Snapshot) Close() error {
	var errs []error
	for _, room := range s.rooms {
		errs = append(errs, room.Close())
	}
	s.rooms = nil
	return errors.Join(errs...)
}
