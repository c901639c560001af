// Shares reading among goroutines.

package observe

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// workers is how many goroutines share the reading of /proc: more than there are processors gain nothing (measured
// with 105,000 descriptors on two processors).
func workers() int { return runtime.GOMAXPROCS(0) }

// sideBySide calls f for every index below n, in chunks, from some goroutines, and waits for all of them. Each goroutine
// has a number of its own, below workers. Once ctx is done, no further call is made.
func sideBySide(ctx context.Context, workers, n int, f func(worker, i int)) {
	const chunk = 8
	var next atomic.Int64
	var all sync.WaitGroup
	for worker := range min(workers, (n+chunk-1)/chunk) {
		all.Go(func() {
			for ctx.Err() == nil {
				first := int(next.Add(chunk)) - chunk
				if first >= n {
					return
				}
				for i := first; i < min(first+chunk, n); i++ {
					f(worker, i)
				}
			}
		})
	}
	all.Wait()
}
