package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"rtevent"
	"rtevent/testbed"
)

// asNobody runs a command as the user that owns nothing and sees no other user's processes.
var asNobody = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}

// identify asks real servers on odd ports, with their owner known and as a user who cannot see it.
func (b bench) identify(ctx context.Context) error {
	base, err := testbed.FreeBase()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "rtevent-bed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bed, err := testbed.Up(ctx, dir, base, "openssh", "nginx", "redis", "postgresql")
	if bed != nil {
		defer bed.Down()
	}
	if errors.Is(err, errors.ErrUnsupported) {
		skipped("Redis, PostgreSQL, HTTP, SSH", err)
		return nil
	} else if err != nil {
		return err
	}
	for _, name := range []string{"redis", "postgresql", "nginx", "openssh"} {
		truth, err := bed.Truth(name)
		if err != nil {
			return err
		}
		if err := b.identifyOne(ctx, truth); err != nil {
			return err
		}
	}
	return nil
}

func (b bench) identifyOne(ctx context.Context, truth testbed.Truth) error {
	for _, as := range []struct {
		words       string
		prefix      []string
		ms          int64
		connections int
	}{
		{"owner known", nil, 50, 1},
		{"owner unseen", asNobody, 500, 6},
	} {
		var took []int64
		var connections []int
		var last rtevent.Finding
		for range b.runs {
			command := append(slices.Clone(as.prefix), b.rtevent, fmt.Sprintf("%d/tcp", truth.Port), "--json")
			finding, err := ask(exec.CommandContext(ctx, command[0], command[1:]...))
			if err != nil {
				return err
			}
			took, connections, last = append(took, finding.TookMS), append(connections, finding.Connections), finding
		}
		what := fmt.Sprintf("%s, %s", truth.Product, as.words)
		said := fmt.Sprintf("%s %s %s", last.Protocol, last.Product, last.Version)
		if last.VersionFrom != "" {
			said += " (version from its " + last.VersionFrom + ")"
		}
		named := last.Protocol == truth.Protocol && (last.Version == truth.Version || as.prefix != nil)
		figure(what, fmt.Sprintf("%d ms", median(took)), fmt.Sprintf("< %d ms, named", as.ms), median(took) < as.ms && named, said)
		figure("  connections", fmt.Sprint(median(connections)), fmt.Sprintf("<= %d", as.connections), median(connections) <= as.connections, "")
	}
	return nil
}

// ask runs `rtevent PORT --json` and returns its finding of the one listener there.
func ask(cmd *exec.Cmd) (rtevent.Finding, error) {
	answer, err := testbed.Run(cmd)
	if err != nil {
		return rtevent.Finding{}, err
	}
	page, err := answer.Page()
	if err != nil {
		return rtevent.Finding{}, fmt.Errorf("%w: %s", err, answer.Stderr)
	}
	here := testbed.Here(page.Listeners)
	if len(here) != 1 || here[0].Finding == nil {
		return rtevent.Finding{}, fmt.Errorf("%v: %d listeners, want one that was asked", cmd.Args, len(here))
	}
	return *here[0].Finding, nil
}
