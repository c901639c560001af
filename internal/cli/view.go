package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/view"
)

// view fills the terminal until the user quits.
func (o *watch) view(c *cobra.Command, source source) error {
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	board := view.NewBoard()
	filter := o.filter(board.Take)
	ended := make(chan error, 1)
	go func() {
		ended <- source(ctx, filter.event, func(coverage rtevent.Coverage) {
			filter.settled = true
			board.Settled(coverage)
		})
		stop()
	}()
	title := o.remote.server
	if title == "" {
		title, _ = os.Hostname()
	}
	err := view.Run(ctx, board, view.Options{In: c.InOrStdin(), Out: c.OutOrStdout(), Title: title})
	stop()
	if watched := <-ended; watched != nil && !errors.Is(watched, context.Canceled) {
		return watched
	}
	return err
}
