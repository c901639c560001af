package cli

import "github.com/spf13/cobra"

func (o *watch) view(c *cobra.Command, s source) error { return o.print(c, s) }
