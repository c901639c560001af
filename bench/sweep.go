package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
)

// sweep compares a sweep of all ports of a host where nothing listens with nmap's, in a network namespace of its own.
func (b bench) sweep(ctx context.Context) error {
	const what = "65535 closed ports, against `nmap -sT -p- -T4`"
	if _, err := exec.LookPath("nmap"); err != nil {
		skipped(what, err)
		return nil
	}
	namespace := fmt.Sprintf("rtevent-bench-%d", os.Getpid())
	if out, err := exec.CommandContext(ctx, "ip", "netns", "add", namespace).CombinedOutput(); err != nil {
		skipped(what, fmt.Errorf("ip netns: %w: %s", err, out))
		return nil
	}
	defer exec.Command("ip", "netns", "delete", namespace).Run()
	if err := exec.CommandContext(ctx, "ip", "-n", namespace, "link", "set", "lo", "up").Run(); err != nil {
		return fmt.Errorf("ip link: %w", err)
	}
	there := func(command ...string) []string {
		return slices.Concat([]string{"ip", "netns", "exec", namespace}, command)
	}
	took, err := b.inTurn(ctx, there(b.rtevent, "probe", "127.0.0.1:-"), there("nmap", "-n", "-Pn", "-sT", "-p-", "-T4", "127.0.0.1"))
	if err != nil {
		return err
	}
	ratio := float64(took[0]) / float64(took[1])
	figure(what, fmt.Sprintf("%.2f", ratio), "<= 1.00", ratio <= 1, fmt.Sprintf("rtevent %s, nmap %s", ms(took[0]), ms(took[1])))
	return nil
}
