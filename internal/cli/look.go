package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/observe"
	"rtevent/internal/survey"
)

// look is the main command: the table of this host's listeners, or the page of a port.
type look struct {
	selection
	asking
	json bool
}

func newLook() *cobra.Command {
	var o look
	c := &cobra.Command{
		Use:   "rtevent [PORT]...",
		Short: "Tell what is really listening",
		Long: `rtevent tells what is really listening: who holds each port, what it truly speaks, what the registry
claims and whether that claim shows any sign of life, with a verdict and its evidence.

Without a port it prints every listener of this host, a line each. With a port it prints everything about
it. With a range or a list it prints the table of those ports.

It ends with 0 if all is fine, 1 if something deserves scrutiny, 2 if nothing is there, 3 without the
permission to look, 4 if the command line is wrong, 5 if something broke.`,
		Example: `  rtevent                      every listener of this host
  rtevent 3706                 everything about a port
  rtevent 53/udp               the same for one transport
  rtevent 8000-9000            the table of a range
  rtevent --process nginx      what one program holds
  rtevent --label unidentified what nobody recognised
  rtevent --json | jq .port    one JSON object a line`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "print JSON, one object a line")
	o.selection.flags(c, "only these ports, as a table: 22, 8000-9000, 53/udp")
	o.asking.flags(c)
	return c
}

func (o look) run(c *cobra.Command, args []string) error {
	asked, err := parsePorts(args)
	if err != nil {
		return err
	}
	filter, err := parsePorts(o.ports)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	for i := range asked {
		asked[i].transport = cmp.Or(asked[i].transport, rtevent.Transport(o.transport))
	}
	registry := iana.Open()
	if len(asked) > 0 && len(filter) == 0 && !slices.ContainsFunc(asked, func(r portRange) bool { return !r.single() }) {
		return o.pages(c, registry, asked)
	}
	return o.table(c, registry, append(asked, filter...))
}

func (o look) check() error {
	if err := o.selection.check(); err != nil {
		return err
	}
	return o.asking.check()
}

// survey prepares one look at the host for some ports.
func (o look) survey(registry *iana.Registry, ports []portRange) survey.Options {
	return survey.Options{
		Registry: registry,
		Observe:  observe.Options{Tier: o.tier},
		Identify: identify.Options{Timeout: o.timeout},
		Digests:  digests(),
		NoProbe:  o.noProbe,
		Insist:   o.insist,
		Select:   func(l rtevent.Listener) bool { return o.at(l, ports) },
		Match:    o.held,
	}
}

// digests is where the digests of executables are kept from one look to the next; empty where users have no cache.
func digests() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "rtevent", "digests")
}

// table prints the listeners a line each, and what they add up to.
func (o look) table(c *cobra.Command, registry *iana.Registry, ports []portRange) error {
	var rows rows
	if o.json {
		rows = &jsonRows{out: c.OutOrStdout()}
	} else {
		rows = newTable(screenOf(c.OutOrStdout()), registry)
	}
	progress := newProgress(c.ErrOrStderr())
	s := o.survey(registry, ports)
	s.Asked = progress.asked
	coverage, err := survey.Run(c.Context(), s, func(l rtevent.Listener) {
		if o.shown(l) {
			progress.clear()
			rows.row(l)
		}
	})
	progress.clear()
	if err != nil {
		return err
	}
	total, err := rows.end(coverage)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return total.outcome(c.Context())
}
