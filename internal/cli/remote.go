package cli

import (
	"github.com/spf13/cobra"
)

// remote is another rtevent whose events are watched.
type remote struct {
	server string
	since  string
}

func (r *remote) flags(c *cobra.Command) {
	c.Flags().StringVar(&r.server, "server", "", "watch what the server at this HOST:PORT has and gets, instead of this host")
	c.Flags().StringVar(&r.since, "since", "", "with --server: begin with what its journal holds since then: a cursor, a time, or how long ago")
}

func (r *remote) check() error {
	if r.since != "" && r.server == "" {
		return badInput("only a server keeps what happened before: add --server HOST:PORT", "--since without --server")
	}
	return nil
}
