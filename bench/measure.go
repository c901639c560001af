package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"rtevent/testbed"
)

// figure prints one line of the report: what was measured, what came out, what was promised, and what stands beside it.
func figure(what, got, target string, pass bool, beside string) {
	verdict := "pass"
	if !pass {
		verdict = "SHORT"
	}
	fmt.Printf("%-44s %12s   %-18s %-5s  %s\n", what, got, target, verdict, beside)
}

// skipped prints a line for what could not be measured.
func skipped(what string, why error) {
	fmt.Printf("%-44s %12s   %v\n", what, "-", why)
}

// inTurn runs the commands one after the other, round by round, so that the machine's mood falls on all alike. The
// first round only warms up. It returns the median wall time of each as a whole process.
func (b bench) inTurn(ctx context.Context, commands ...[]string) ([]time.Duration, error) {
	times := make([][]time.Duration, len(commands))
	for round := range b.runs + 1 {
		for i, c := range commands {
			answer, err := testbed.Run(exec.CommandContext(ctx, c[0], c[1:]...))
			if err := errors.Join(err, ctx.Err()); err != nil {
				return nil, err
			}
			if answer.Code > 2 || answer.Code < 0 {
				return nil, fmt.Errorf("%v: exit code %d: %s", c, answer.Code, answer.Stderr)
			}
			if round > 0 {
				times[i] = append(times[i], answer.Took)
			}
		}
	}
	medians := make([]time.Duration, len(commands))
	for i := range times {
		medians[i] = median(times[i])
	}
	return medians, nil
}

func median[T interface{ ~int | ~int64 }](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
