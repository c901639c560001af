package deliver

import (
	"net/netip"
	"sync"
	"time"

	"rtevent/internal/wire"
)

// Limits bound what clients can make the server spend. Each has its error code.
type Limits struct {
	Connections int           // in all; default 20,000
	PerAddress  int           // from one outside address; default 200
	Line        int           // bytes of a line that a publisher may write, newline included; default 65,536
	Rate        int           // events a second that one outside connection may publish; default 10,000; loopback has no limit
	Speak       time.Duration // how long the first words, or the rest of a line, may take; default 10 s
	Handshake   time.Duration // how long TLS may take; default 5 s
	Silence     time.Duration // how long whoever was greeted for saying nothing may go on so; default 60 s
	Stall       time.Duration // how long a subscriber may take nothing at all; default 30 s
	Greeting    time.Duration // after how much silence the server names itself; default 1.5 s
}

func (l Limits) withDefaults() Limits {
	set(&l.Connections, 20_000)
	set(&l.PerAddress, 200)
	set(&l.Line, wire.MaxLine)
	set(&l.Rate, 10_000)
	set(&l.Speak, 10*time.Second)
	set(&l.Handshake, 5*time.Second)
	set(&l.Silence, time.Minute)
	set(&l.Stall, 30*time.Second)
	set(&l.Greeting, 1500*time.Millisecond)
	return l
}

func set[T int | time.Duration](value *T, def T) {
	if *value == 0 {
		*value = def
	}
}

// underWay is how many events of one connection may be unacknowledged before the server stops reading from it.
const underWay = 4096

// gate counts connections.
type gate struct {
	most, perAddress int

	mu    sync.Mutex
	open  int
	ofOne map[netip.Addr]int
}

func newGate(l Limits) *gate {
	return &gate{most: l.Connections, perAddress: l.PerAddress, ofOne: map[netip.Addr]int{}}
}

// enter lets a connection in or says why not.
func (g *gate) enter(a netip.Addr) *wire.Error {
	g.mu.Lock()
	defer g.mu.Unlock()
	a = network(a)
	switch {
	case g.open >= g.most:
		return wire.Errorf(wire.Unavailable, "%d connections are open: no more are taken", g.open)
	case !a.IsLoopback() && g.ofOne[a] >= g.perAddress:
		return wire.Errorf(wire.TooFast, "%d connections from your address are open: no more are taken", g.ofOne[a])
	}
	g.open++
	g.ofOne[a]++
	return nil
}

func (g *gate) leave(a netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a = network(a)
	g.open--
	if g.ofOne[a]--; g.ofOne[a] == 0 {
		delete(g.ofOne, a)
	}
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// network is whom an address counts for: one that IPv6 gives out freely counts with its /64.
func network(a netip.Addr) netip.Addr {
	if a = a.Unmap().WithZone(""); a.Is6() && !a.IsLoopback() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}
