package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/observe"
	"rtevent/internal/words"
)

// status is how well this host can be watched from here.
type status struct {
	Schema    string           `json:"schema"`
	Kind      string           `json:"kind"`
	Host      string           `json:"host,omitempty"`
	Listeners int              `json:"listeners"`
	Coverage  rtevent.Coverage `json:"coverage"`
}

func newStatus() *cobra.Command {
	var asJSON bool
	var tier string
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how well this host can be watched, and what cannot be seen",
		Long: `status tries every way of watching, the best first, by really using it, and tells which is in use: by what each kind
of change becomes known, why better ways are closed, and what cannot be seen from here and what would help.`,
		Example:           "  rtevent status\n  rtevent status --json | jq .coverage.gaps",
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := (asking{tier: tier}).check(); err != nil {
				return err
			}
			s, err := watchOnce(c.Context(), observe.Options{Tier: tier})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), s)
			}
			return s.print(screenOf(c.OutOrStdout()))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&tier, "tier", "", "how to observe: bpf, sock_diag or proc (default: the best that works)")
	return c
}

// watchOnce watches until everything that is there has been seen.
func watchOnce(ctx context.Context, o observe.Options) (status, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	host, _ := os.Hostname()
	s := status{Schema: rtevent.Schema, Kind: "status", Host: host}
	settled := false
	watch := observe.NewWatch(o)
	err := watch.Run(ctx, func(c observe.Change) {
		switch {
		case settled:
		case c.Kind == observe.Opened:
			s.Listeners++
		case c.Kind == observe.Closed:
			s.Listeners--
		case c.Kind == observe.Settled:
			settled = true
			s.Coverage = watch.Coverage()
			stop()
		}
	})
	if settled && errors.Is(err, context.Canceled) {
		err = nil
	}
	return s, err
}

// changeNames are the kinds of change in a person's words, in the order of importance; the keys are those of
// rtevent.Coverage.
var changeNames = []struct{ key, name string }{
	{"tcp_opened", "TCP opens"}, {"tcp_closed", "TCP closes"}, {"tcp_failed", "TCP refused"},
	{"udp_opened", "UDP opens"}, {"udp_closed", "UDP closes"}, {"udp_kernel_port", "UDP, kernel's port"},
	{"holders", "other holders"}, {"hidden", "hidden listeners"}, {"other_namespaces", "other namespaces"},
}

func (s status) print(out screen) error {
	var b strings.Builder
	c := s.Coverage
	line := "watches by " + c.Tier
	if c.Why != "" {
		line += ": " + c.Why
	}
	width := out.width
	if width == 0 {
		width = 100
	}
	for _, l := range words.Wrap(words.Printable(line), width) {
		fmt.Fprintln(&b, out.paint(bold, l))
	}
	fmt.Fprintf(&b, "%s in %s, the first look took %d ms\n\n", words.Counted(s.Listeners, "listener"), words.Counted(max(c.Namespaces, 1), "network namespace"), c.TookMS)
	for _, n := range changeNames {
		if how, ok := c.Events[n.key]; ok {
			fmt.Fprintf(&b, "  %-20s %s\n", n.name, howTold(how))
		}
	}
	if len(c.Gaps) > 0 {
		b.WriteString("\nnot seen from here\n")
	}
	for _, g := range slices.All(c.Gaps) {
		for i, l := range words.Wrap(words.Gap(g), width-4) {
			mark := "  ! "
			if i > 0 {
				mark = "    "
			}
			fmt.Fprintln(&b, out.paint(yellow, mark+l))
		}
	}
	if _, err := out.Write([]byte(b.String())); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	return nil
}

// howTold says in a person's words by what a change becomes known.
func howTold(how string) string {
	switch how {
	case "bpf":
		return "as it happens, by the kernel (bpf)"
	case "destroy group":
		return "as it happens, without the process (destroy group)"
	case "no":
		return "never"
	}
	return how + ", by looking"
}
