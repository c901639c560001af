package journal

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rtevent/internal/wire"
)

// The figures of bench/journal.go: each of ours has JetStream's own beside it, in the same process and on the same disk.
// Events are of some 300 bytes on 100 topics.

func benchEvents(n int) []wire.Publication {
	events := make([]wire.Publication, n)
	for i := range events {
		events[i] = event(fmt.Sprint("bench.", i%100), fmt.Sprint(i))
	}
	return events
}

func benchJournal(b *testing.B, o Options) *Journal {
	b.Helper()
	o.Dir, o.MaxBytes = b.TempDir(), 4<<30
	j, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return j
}

func benchPublish(b *testing.B, j *Journal) {
	b.Helper()
	events := benchEvents(b.N)
	var stored sync.WaitGroup
	stored.Add(b.N)
	b.ResetTimer()
	for _, e := range events {
		j.Publish(e, func(a wire.Ack) {
			if a.Err != nil {
				b.Error(a.Err)
			}
			stored.Done()
		})
	}
	stored.Wait()
	perSecond(b)
}

func perSecond(b *testing.B) {
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkPublish(b *testing.B) {
	for _, d := range []Durability{Always, Interval, Process} {
		b.Run(string(d), func(b *testing.B) { benchPublish(b, benchJournal(b, Options{Durability: d})) })
	}
}

// benchJetStream is JetStream in this process with a stream like the log.
func benchJetStream(b *testing.B, always bool) (*nats.Conn, jetstream.JetStream) {
	b.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: always,
		JetStreamMaxStore: 8 << 30, JetStreamMaxMemory: 64 << 20})
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		b.Fatal("not ready")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		b.Fatal(err)
	}
	_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BENCH", Subjects: []string{"bench.>"}, Storage: jetstream.FileStorage, MaxBytes: 4 << 30, AllowAtomicPublish: true})
	if err != nil {
		b.Fatal(err)
	}
	return conn, js
}

func benchAsync(b *testing.B, js jetstream.JetStream) {
	b.Helper()
	events := benchEvents(b.N)
	b.ResetTimer()
	for _, e := range events {
		if _, err := js.PublishAsync(e.Topic, e.Line, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	perSecond(b)
}

func BenchmarkPublishJetStream(b *testing.B) {
	b.Run("always", func(b *testing.B) {
		_, js := benchJetStream(b, true)
		benchAsync(b, js)
	})
	b.Run("always-batches-of-1000", func(b *testing.B) {
		conn, _ := benchJetStream(b, true)
		benchBatches(b, conn)
	})
	b.Run("process", func(b *testing.B) {
		_, js := benchJetStream(b, false)
		benchAsync(b, js)
	})
}

// benchBatches publishes in atomic batches, which JetStream syncs once each.
func benchBatches(b *testing.B, conn *nats.Conn) {
	b.Helper()
	events := benchEvents(b.N)
	b.ResetTimer()
	for n := 0; len(events) > 0; n++ {
		batch := events[:min(1000, len(events))]
		events = events[len(batch):]
		for i, e := range batch {
			m := &nats.Msg{Subject: e.Topic, Data: e.Line, Header: nats.Header{"Nats-Batch-Id": {fmt.Sprint("batch", n)}, "Nats-Batch-Sequence": {fmt.Sprint(i + 1)}}}
			if i < len(batch)-1 {
				if err := conn.PublishMsg(m); err != nil {
					b.Fatal(err)
				}
				continue
			}
			m.Header.Set("Nats-Batch-Commit", "1")
			reply, err := conn.RequestMsg(m, 10*time.Second)
			if err != nil {
				b.Fatal(err)
			}
			if a, err := parseAck(reply.Data); err != nil || a.Error != nil {
				b.Fatalf("%s", reply.Data)
			}
		}
	}
	perSecond(b)
}

// BenchmarkLatency publishes 1,000 events a second, one at a time, and tells how long an acknowledgement takes.
func BenchmarkLatency(b *testing.B) {
	j := benchJournal(b, Options{})
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	took := make([]time.Duration, b.N)
	var stored sync.WaitGroup
	for i, e := range benchEvents(b.N) {
		<-every.C
		stored.Add(1)
		began := time.Now()
		j.Publish(e, func(wire.Ack) { took[i] = time.Since(began); stored.Done() })
	}
	stored.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
}

// BenchmarkTopics publishes one event on each of many topics and tells what a topic costs in memory, and how fast the state
// is read.
func BenchmarkTopics(b *testing.B) {
	before := heap()
	j := benchJournal(b, Options{Durability: Process, TailBytes: 1, Window: 1})
	var stored sync.WaitGroup
	stored.Add(b.N)
	for i := range b.N {
		j.Publish(event(fmt.Sprint("listener.host.tcp.", i, ".127_0_0_1"), fmt.Sprint(i)), func(wire.Ack) { stored.Done() })
	}
	stored.Wait()
	if err := j.deriveOnce(b.Context()); err != nil {
		b.Fatal(err)
	}
	cost := float64(heap()-before) / float64(b.N)
	b.ResetTimer()
	n := 0
	_, entries := j.State(b.Context(), everything)
	for _, err := range entries {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != b.N {
		b.Errorf("%d topics of %d", n, b.N)
	}
	perSecond(b)
	b.ReportMetric(cost, "B/topic")
}

func heap() uint64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkReplay reads one history in turns, five times each, with the journal's reader and with an ordered consumer
// of JetStream, and tells the medians.
func BenchmarkReplay(b *testing.B) {
	j := benchJournal(b, Options{Durability: Process, TailBytes: 1})
	benchPublish(b, j)
	var ours, theirs []float64
	for range 5 {
		began := time.Now()
		n := 0
		for _, err := range j.Read(b.Context(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != b.N {
			b.Fatalf("%d of %d", n, b.N)
		}
		ours = append(ours, float64(n)/time.Since(began).Seconds())
		began = time.Now()
		consumer, err := j.engine.Load().js.OrderedConsumer(b.Context(), logStream, jetstream.OrderedConsumerConfig{})
		if err != nil {
			b.Fatal(err)
		}
		messages, err := consumer.Messages()
		if err != nil {
			b.Fatal(err)
		}
		for range b.N {
			if _, err := messages.Next(); err != nil {
				b.Fatal(err)
			}
		}
		messages.Stop()
		theirs = append(theirs, float64(n)/time.Since(began).Seconds())
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(ours[2], "journal/s")
	b.ReportMetric(theirs[2], "ordered/s")
}
