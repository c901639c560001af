package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/words"
)

// newRegistry groups what there is to know of ports whether or not anything listens on them.
func newRegistry() *cobra.Command {
	c := &cobra.Command{
		Use:   "registry",
		Short: "What the registry claims, and whether those claims show any sign of life",
		Long: `The port registry is a historical record, not evidence. These commands show what it says, what other
sources show of it, and how many of its names are ghosts.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return badInput("the commands are show, search, census and update", "no command %q", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newShow(), newSearch(), newCensus(), newUpdate())
	return c
}

func newShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show PORT...",
		Short:   "What the registry claims for a port, its signs of life, and what practice puts there",
		Example: "  rtevent registry show 3706\n  rtevent registry show 3706-3707\n  rtevent registry show --json 53/udp",
		Args:    atLeastOne("`rtevent registry show 3706`"),
		RunE: func(c *cobra.Command, args []string) error {
			ranges, err := parsePorts(args)
			if err != nil {
				return err
			}
			registry := iana.Open()
			return written(c, func(out io.Writer) error {
				for _, r := range ranges {
					for port := int(r.first); port <= int(r.last); port++ {
						one := newPage(registry, portRange{first: uint16(port), last: uint16(port), transport: r.transport})
						if err := showPort(c, out, one, asJSON); err != nil {
							return err
						}
					}
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	return c
}

// showPort prints what is known of a port without looking at this host.
func showPort(c *cobra.Command, out io.Writer, p *page, asJSON bool) error {
	if asJSON {
		return printJSON(out, struct {
			Schema   string             `json:"schema"`
			Kind     string             `json:"kind"`
			Port     uint16             `json:"port"`
			Claims   []rtevent.Claim    `json:"claims"`
			Practice []rtevent.Practice `json:"practice"`
		}{rtevent.Schema, "registration", p.Port.Port, p.Claims, p.Practice})
	}
	s := screenOf(c.OutOrStdout())
	w := newSheet(screen{Writer: out, width: s.width, colour: s.colour})
	fmt.Fprintln(w, w.paint(bold, p.asked.String()))
	w.claimed(p)
	w.practice(p)
	return nil
}

func newSearch() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "search WORD...",
		Short:   "Find registrations by name, description or registrant",
		Example: "  rtevent registry search rt-event\n  rtevent registry search sun naming",
		Args:    atLeastOne("`rtevent registry search mqtt`"),
		RunE: func(c *cobra.Command, args []string) error {
			claims := iana.Open().Search(strings.Join(args, " "))
			if err := written(c, func(out io.Writer) error { return listClaims(out, claims, asJSON) }); err != nil {
				return err
			}
			if len(claims) == 0 {
				return outcome(exitNothing)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	return c
}

func listClaims(out io.Writer, claims []rtevent.Claim, asJSON bool) error {
	for _, k := range claims {
		if asJSON {
			line := struct {
				Schema string `json:"schema"`
				Kind   string `json:"kind"`
				rtevent.Claim
			}{rtevent.Schema, "claim", k}
			if err := printJSON(out, line); err != nil {
				return err
			}
			continue
		}
		port := "no port"
		if k.Level != rtevent.Portless {
			port = fmt.Sprintf("%d/%s", k.Port, k.Transport)
		}
		fmt.Fprintf(out, "%-10s %-16s %-12s %s\n", port, words.Printable(k.Name), k.Level, words.Phrases(0, k.Description, k.Assignee, k.Registered))
	}
	return nil
}

func newCensus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "census",
		Short: "Count the registered ports by their signs of life",
		Args:  none,
		RunE: func(c *cobra.Command, _ []string) error {
			census := iana.Open().Census()
			return written(c, func(out io.Writer) error {
				if asJSON {
					return printJSON(out, struct {
						Schema string `json:"schema"`
						Kind   string `json:"kind"`
						iana.Census
					}{rtevent.Schema, "census", census})
				}
				printCensus(out, census)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// registeredLevels are the levels of what has a registered name, from the liveliest on.
var registeredLevels = []rtevent.Level{
	rtevent.Standard, rtevent.Implemented, rtevent.Squatted, rtevent.Twin, rtevent.Quiet, rtevent.Ghost,
}

func printCensus(out io.Writer, c iana.Census) {
	registered := 0
	for _, l := range registeredLevels {
		registered += c.Ports[l]
	}
	fmt.Fprintf(out, "%d ports have a registered name (%s)\n\n", registered, c.AsOf)
	for _, l := range registeredLevels {
		n := c.Ports[l]
		fmt.Fprintf(out, "  %-12s %6d %3.0f %%  %s\n", l, n, 100*float64(n)/float64(max(registered, 1)), words.Means(l))
	}
	fmt.Fprintf(out, "\nwithout a name: %d practised by known programs, %d in the past, %d reserved\n",
		c.Ports[rtevent.Practised], c.Ports[rtevent.Historical], c.Ports[rtevent.Reserved])
	fmt.Fprintf(out, "%d names in all have a port, %d have none\n\nlooked at:\n", c.Names, c.Portless)
	for _, s := range c.Sources {
		fmt.Fprintf(out, "  %-12s %s (%s)\n", s.Date, s.Name, s.What)
	}
	fmt.Fprint(out, "\nA ghost is not unused: about a quarter of such ports once had a private or closed product.\n")
}

func newUpdate() *cobra.Command {
	var q iana.Request
	c := &cobra.Command{
		Use:   "update",
		Short: "Fetch the registry of today",
		Long: `update fetches the registry from IANA, if it changed since the last time, checks it, and keeps it in the
user's cache. A damaged or cut off registry is refused, and what was kept stays. Nothing is ever fetched
unless this command is typed.`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			done, err := iana.Open().Update(c.Context(), q)
			switch {
			case errors.Is(err, iana.ErrRecent):
				return badInput("--force fetches it all the same", "%s", err)
			case errors.Is(err, iana.ErrInsecure):
				return badInput("a mirror must be reached over https", "%s", err)
			case errors.Is(err, iana.ErrUnfit), q.File != "" && errors.Is(err, fs.ErrNotExist):
				return badInput("give the official CSV: service-names-port-numbers.csv", "%s", err)
			}
			if err != nil {
				return err
			}
			return written(c, func(out io.Writer) error {
				if !done.Changed {
					fmt.Fprintf(out, "unchanged (%s): %s\n", done.Why, done.AsOf)
					return nil
				}
				fmt.Fprintf(out, "%s: %d names with a port; %d registrations added, %d gone; kept in %s\n",
					done.AsOf, done.Names, done.Added, done.Lost, done.Path)
				return nil
			})
		},
	}
	c.Flags().StringVar(&q.File, "from", "", "read the official CSV from a file instead of fetching it")
	c.Flags().StringVar(&q.URL, "url", iana.Official, "where to fetch it: a mirror over https")
	c.Flags().BoolVar(&q.Force, "force", false, "fetch again within a day, and accept the loss of many names")
	return c
}

// written gives a function a buffered output and keeps the first error of either.
func written(c *cobra.Command, print func(io.Writer) error) error {
	out := bufio.NewWriter(c.OutOrStdout())
	if err := print(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// atLeastOne and none check the arguments, and say what would be right.
func atLeastOne(example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return badInput("for example "+example, "%s needs an argument", c.CommandPath())
		}
		return nil
	}
}

func none(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return badInput("see `"+c.CommandPath()+" --help`", "%s takes no argument, but there is %q", c.CommandPath(), args[0])
	}
	return nil
}
