package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan prints the manual page of a command, made from the same definitions as its help.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man [COMMAND]...",
		Short:   "Print a manual page, made from the command definitions",
		Example: "  rtevent man | man -l -\n  rtevent man registry update > rtevent-registry-update.1",
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			page, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return badInput("see `rtevent --help` for the commands", "no manual page for %q", args)
			}
			header := &doc.GenManHeader{Title: "RTEVENT", Section: "1", Source: "rtevent", Manual: "rtevent"}
			if err := doc.GenMan(page, header, c.OutOrStdout()); err != nil {
				return fmt.Errorf("write the manual page: %w", err)
			}
			return nil
		},
	}
}
