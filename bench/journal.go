package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// journal measures storing and reading beside JetStream itself, in the same process and on the same disk. The measuring is
// done by the benchmarks of package journal, which alone may speak to JetStream; here they take turns.
func (b bench) journal(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rtevent-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := marks{binary: filepath.Join(dir, "journal.test"), values: map[string][]float64{}}
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", m.binary, "./internal/journal").CombinedOutput(); err != nil {
		return fmt.Errorf("build the benchmarks of the journal: %w: %s", err, out)
	}
	for range min(b.runs, 3) {
		err := errors.Join(
			m.run(ctx, "Publish$/always$", 200_000), m.run(ctx, "PublishJetStream/always$", 5000), m.run(ctx, "PublishJetStream/always-batches", 100_000),
			m.run(ctx, "Publish$/process$", 200_000), m.run(ctx, "PublishJetStream/process$", 200_000),
			m.run(ctx, "Latency", 5000))
		if err != nil {
			return err
		}
	}
	if err := errors.Join(m.run(ctx, "Replay", 1_000_000), m.run(ctx, "Topics", 500_000)); err != nil {
		return err
	}
	m.tell()
	return nil
}

func (m marks) tell() {
	alone := max(m.median("PublishJetStream/always events/s"), m.median("PublishJetStream/always-batches-of-1000 events/s"))
	m.beside("journal: publish, survives a power cut", "Publish/always events/s", alone, 0.8,
		fmt.Sprintf("JetStream: %.0f/s one by one, %.0f/s in atomic batches of 1000", m.median("PublishJetStream/always events/s"), m.median("PublishJetStream/always-batches-of-1000 events/s")))
	m.beside("  publish, survives a process crash", "Publish/process events/s", m.median("PublishJetStream/process events/s"), 0.8,
		fmt.Sprintf("JetStream: %.0f/s", m.median("PublishJetStream/process events/s")))
	m.beside("  replay of a million events from disk", "Replay journal/s", m.median("Replay ordered/s"), 1,
		fmt.Sprintf("JetStream's ordered consumer: %.0f/s", m.median("Replay ordered/s")))
	p99 := m.median("Latency p99-us")
	figure("  publish to acknowledgement, 1,000/s, p99", fmt.Sprintf("%.0f us", p99), "< 2000 us", p99 < 2000, fmt.Sprintf("p50 %.0f us, each synced", m.median("Latency p50-us")))
	topic := m.median("Topics B/topic")
	figure("  memory of a topic, 500,000 of them", fmt.Sprintf("%.0f B", topic), "<= 1200 B", topic <= 1200, fmt.Sprintf("their state is read at %.0f/s", m.median("Topics events/s")))
}

// beside tells a rate as a part of what JetStream reaches.
func (m marks) beside(what, name string, theirs, least float64, words string) {
	ours := m.median(name)
	figure(what, fmt.Sprintf("%.0f/s", ours), fmt.Sprintf(">= %.1f of JetStream", least), ours >= least*theirs, fmt.Sprintf("%.1f of it; %s", ours/theirs, words))
}

// marks are what benchmarks reported: each value by the benchmark's name and its unit.
type marks struct {
	binary string
	values map[string][]float64
}

var processors = regexp.MustCompile(`-\d+$`)

// run runs one benchmark with so many events.
func (m marks) run(ctx context.Context, name string, events int) error {
	c := exec.CommandContext(ctx, m.binary, "-test.run", "NONE", "-test.bench", "^Benchmark"+name, "-test.benchtime", strconv.Itoa(events)+"x")
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(words); i += 2 {
			value, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return fmt.Errorf("%s says %q", name, line)
			}
			key := processors.ReplaceAllString(strings.TrimPrefix(words[0], "Benchmark"), "") + " " + words[i+1]
			m.values[key] = append(m.values[key], value)
		}
	}
	return nil
}

func (m marks) median(name string) float64 {
	v := slices.Sorted(slices.Values(m.values[name]))
	if len(v) == 0 {
		return 0
	}
	return v[len(v)/2]
}
