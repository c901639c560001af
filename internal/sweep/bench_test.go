package sweep

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"rtevent"
)

// BenchmarkClosed sweeps all ports of this host, of which hardly any is open.
func BenchmarkClosed(b *testing.B) {
	for b.Loop() {
		var closed atomic.Int64
		Run(b.Context(), Options{}, slices.Values([]Target{{
			Addr: netip.MustParseAddr("127.0.0.1"), Transport: rtevent.TCP, Ports: NewPorts(Range{1, 19999}, Range{20111, 65535}),
		}}), func(r Result) int {
			if r.Conn != nil {
				r.Conn.Close()
			}
			if r.State == rtevent.Closed {
				closed.Add(1)
			}
			return 0
		})
		b.ReportMetric(float64(closed.Load()), "closed")
	}
}
