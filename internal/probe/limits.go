package probe

import (
	"cmp"
	"time"

	"rtevent/internal/identify"
	"rtevent/internal/sweep"
)

// Limits bound what the hosts and the way to them have to bear. 0 stands for what is said of each.
type Limits struct {
	// Rate and HostRate cap the connections that are begun each second, over all hosts and at one; 0: as fast as it goes.
	// A port that is being asked may be a few ahead.
	Rate, HostRate int

	// Conns and HostConns cap the connections that are open or under way at once; 0 means 1024 and 512, or what the
	// system allows a process if that is less. One port has 6 at most.
	Conns, HostConns int
}

// portConns is how many connections asking one port may take at once, as package identify has it.
const portConns = 6

// Most ports that are asked at once. Those of one host share its processors.
const (
	mostOpen     = 80
	mostHostOpen = 16
)

// share divides connections between trying and asking: of so many ports that are under way at once, so many may be
// asked. A port holds one connection while it is tried, and up to portConns while it is asked.
func share(conns, most int) (ports, open int) {
	each := min(conns, portConns)
	open = min(max(conns/(2*each), 1), most)
	return conns - open*(each-1), open
}

func (l Limits) conns() int { return min(cmp.Or(l.Conns, 1024), descriptors()) }

func (l Limits) hostConns() int { return min(cmp.Or(l.HostConns, 512), l.conns()) }

func (l Limits) sweep(timeout time.Duration) sweep.Options {
	o := sweep.Options{Rate: l.Rate, HostRate: l.HostRate, Timeout: timeout}
	o.Ports, o.Open = share(l.conns(), mostOpen)
	o.HostPorts, o.HostOpen = share(l.hostConns(), mostHostOpen)
	return o
}

func (l Limits) identify(timeout time.Duration) identify.Options {
	_, open := share(l.conns(), mostOpen)
	return identify.Options{Timeout: timeout, Connections: open * min(l.conns(), l.hostConns(), portConns)}
}
