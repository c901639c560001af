package sweep

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"rtevent"
)

// A host that accepts on every port is a firewall, a load balancer or a trap that answers in the place of others. It gives
// itself away by ports that nobody uses.
const (
	suspicious = 8     // accepted and none refused: time to look
	decoys     = 2     // ports that should be closed
	firstDecoy = 20000 // high enough that few have anything there
)

// acceptsEverywhere tells whether the host does. The decoys are tried once; who waits for them waits no longer than a
// port takes.
func (s *sweeper) acceptsEverywhere(ctx context.Context, h *host, t *Target) bool {
	if h.refused.Load() == 0 && h.accepted.Load() >= suspicious {
		h.decoys.Do(func() { h.everywhere.Store(s.decoysAccepted(ctx, h, t.Ports)) })
	}
	return h.everywhere.Load()
}

func (s *sweeper) decoysAccepted(ctx context.Context, h *host, asked Ports) bool {
	var accepted atomic.Int64
	var running sync.WaitGroup
	for range decoys {
		port := decoy(asked)
		running.Go(func() {
			r := Result{Port: port}
			if s.try(ctx, h, &r); r.State == rtevent.Open {
				r.Conn.Close()
				accepted.Add(1)
			}
		})
	}
	running.Wait()
	return accepted.Load() == decoys
}

// decoy picks a port at random, if possible none of those that the user takes for open.
func decoy(asked Ports) (port uint16) {
	for range 20 {
		if port = uint16(firstDecoy + rand.IntN(1<<16-firstDecoy)); !asked.Has(port) {
			break
		}
	}
	return port
}
