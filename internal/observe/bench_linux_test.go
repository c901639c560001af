package observe

import (
	"testing"
	"time"
)

// BenchmarkLook measures one look at this host as it is. Loading BPF is part of it, as it is for whoever types a command.
func BenchmarkLook(b *testing.B) {
	for _, tier := range []string{tierDiag, tierBPF, tierProc} {
		b.Run(tier, func(b *testing.B) {
			for b.Loop() {
				s, err := Look(b.Context(), Options{Tier: tier, BPFTimeout: time.Minute})
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}
