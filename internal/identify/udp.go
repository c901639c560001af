// UDP: one well-formed datagram after the other.

package identify

import (
	"time"

	"rtevent"
	"rtevent/internal/protocol"
)

// harmless are the protocols whose datagram any server may be sent: short, well-formed questions that change nothing and
// that every host on a network hears. An empty or malformed datagram, by contrast, has brought down real servers.
var harmless = []string{"domain", "ntp", "snmp", "stun", "sip", "memcache", "tftp", "coap"}

// mostDatagrams bounds what is tried on a UDP port. Each is one packet, and all may wait for their answer at once.
const mostDatagrams = 12

// planUDP orders the ways for a UDP port: where owner and port point, then what is harmless.
func planUDP(hints []hint) []way {
	var ways []way
	for _, h := range hints {
		ways = append(ways, question(h.def).first())
	}
	for _, name := range harmless {
		if d := protocol.Lookup(name); d != nil && d.Datagram != "" {
			ways = append(ways, question(d))
		}
	}
	return distinct(ways)
}

// assumedRTT is the round trip to allow for where no connection is made that would measure it.
func assumedRTT(l rtevent.Listener) time.Duration {
	if l.AddrPort().Addr().IsLoopback() {
		return time.Millisecond
	}
	return 100 * time.Millisecond
}
