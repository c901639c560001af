package iana

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtevent"
)

// TestMain lets the test binary be the fresh process of BenchmarkCold: it looks up once, the very first thing it does, and
// says how long that took.
func TestMain(m *testing.M) {
	if os.Getenv("RTEVENT_COLD") == "" {
		os.Exit(m.Run())
	}
	begin := time.Now()
	r := Open()
	claims, uses := r.Claims(rtevent.TCP, 3706), r.Practice(rtevent.TCP, 3000)
	took := time.Since(begin)
	fmt.Println(took.Nanoseconds(), claims[0].Name, len(uses), r.Origin())
}

// BenchmarkCold measures the first answer of a fresh process, its embedded and its fetched registry: open, claim and
// practice. It reports the median of 25 processes; the promise is less than a millisecond.
func BenchmarkCold(b *testing.B) {
	for _, fetched := range []bool{false, true} {
		b.Run(map[bool]string{false: "embedded", true: "fetched"}[fetched], func(b *testing.B) {
			cache := b.TempDir()
			b.Setenv("XDG_CACHE_HOME", cache)
			b.Setenv("RTEVENT_COLD", "1")
			if fetched {
				path, err := CacheFile()
				if err != nil {
					b.Fatal(err)
				}
				if err := replace(path, Encode(Header{Names: "2099-01-01"}, slices.Collect(Embedded().table.all()))); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				b.ReportMetric(float64(coldMedian(b)), "ns/cold")
			}
		})
	}
}

// coldMedian starts 25 fresh processes.
func coldMedian(b *testing.B) int64 {
	b.Helper()
	var took []int64
	for range 25 {
		out, err := exec.Command(os.Args[0]).Output()
		if err != nil {
			b.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(out), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil || !strings.HasPrefix(rest, "rt-event 8 ") {
			b.Fatalf("a fresh process says %q", out)
		}
		took = append(took, n)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// BenchmarkClaims measures the same once the tables are in memory.
func BenchmarkClaims(b *testing.B) {
	r := Embedded()
	for b.Loop() {
		r.Claims(rtevent.TCP, 3706)
	}
}
