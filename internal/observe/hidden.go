// Finds ports that somebody uses and that no view of the kernel shows.

package observe

import (
	"context"
	"fmt"

	"rtevent"
)

// Hidden is a port that is in use although the kernel lists no socket that has it: something hides from everything that
// lists sockets.
type Hidden struct {
	Transport rtevent.Transport
	Port      uint16
}

func (h Hidden) String() string { return fmt.Sprintf("%d/%s", h.Port, h.Transport) }

// BindProbe tries to bind every port of our own network namespace, TCP and UDP, which takes about a second. A port that is
// in use is held against all sockets that the kernel lists before and after, in whatever state, and against the sockets of
// all processes; it is told when it stays in use and unexplained. Each port is taken for a microsecond or two, in
// which a UDP server that starts there at that very moment is refused; whatever watches sees the UDP ports open and close.
//
// It needs CAP_NET_BIND_SERVICE for the ports below 1024: without it the error wraps fs.ErrPermission, and what was found
// on the other ports is returned beside it.
func BindProbe(ctx context.Context) ([]Hidden, error) { return bindProbe(ctx) }
