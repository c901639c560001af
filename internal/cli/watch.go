package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/judge"
	"rtevent/internal/live"
	"rtevent/internal/observe"
	"rtevent/internal/words"
)

// watch tells what happens to listeners, the moment it happens.
type watch struct {
	selection
	asking
	json, plain bool
	newOnly     bool
	types       []string
	severity    string
	policy      string
	remote      remote
	wanted      []portRange
}

func newWatch() *cobra.Command {
	var o watch
	c := &cobra.Command{
		Use:   "watch [PORT]...",
		Short: "Tell what happens to listeners, the moment it happens",
		Long: `watch tells every listener that opens, what it turns out to speak, what changes about it, and its end, the
moment the kernel does it. First it tells what is there already; --new-only leaves that out.

On a terminal it fills the screen: the listeners, the events as they come, and everything about the one
that is chosen. With --plain, with --json, or where the output is no terminal, it prints a line for each event.

It ends with 0 when it is interrupted.`,
		Example: `  rtevent watch                         the whole host, on the whole terminal
  rtevent watch --json | jq .type       one CloudEvent a line
  rtevent watch 8000-9000 --plain       only these ports, a line each
  rtevent watch --severity medium       only what deserves scrutiny
  rtevent watch --policy policy.yaml    what the policy does not allow is a signal of severity high`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print JSON, one CloudEvent a line")
	f.BoolVar(&o.plain, "plain", false, "print lines also on a terminal")
	f.BoolVar(&o.newOnly, "new-only", false, "leave out what is there already")
	f.StringSliceVar(&o.types, "type", nil, "only these events: "+strings.Join(words.Kinds(), ", "))
	f.StringVar(&o.severity, "severity", "", "only listeners with a signal of this severity or a graver one: "+strings.Join(severities, ", "))
	f.StringVar(&o.policy, "policy", "", "hold every listener against this `file`; rtevent check --help tells its form")
	o.selection.flags(c, "only these ports: 22, 8000-9000, 53/udp")
	o.asking.flags(c)
	o.remote.flags(c)
	_ = c.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(words.Kinds(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("severity", cobra.FixedCompletions(severities, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// severities are those of signals, the gravest last.
var severities = []string{string(rtevent.Info), string(rtevent.Low), string(rtevent.Medium), string(rtevent.High)}

func (o *watch) run(c *cobra.Command, args []string) error {
	var err error
	if o.wanted, err = parsePorts(append(args, o.ports...)); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	source, err := o.source(c)
	if err != nil {
		return err
	}
	if o.fullScreen(c) {
		return o.view(c, source)
	}
	return o.print(c, source)
}

// print prints a line for each event until it is interrupted.
func (o *watch) print(c *cobra.Command, source source) error {
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	lines := o.lines(c, stop)
	filter := o.filter(lines.event)
	err := source(ctx, filter.event, func(c rtevent.Coverage) {
		filter.settled = true
		lines.settled(c)
	})
	if lines.err != nil {
		return fmt.Errorf("write the events: %w", lines.err)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// check finds mistakes on the command line.
func (o *watch) check() error {
	if err := o.selection.check(); err != nil {
		return err
	}
	if err := o.asking.check(); err != nil {
		return err
	}
	for _, t := range o.types {
		if !slices.Contains(words.Kinds(), t) {
			return badInput("the types are "+strings.Join(words.Kinds(), ", "), "%q is no type of event", t)
		}
	}
	if o.severity != "" && !slices.Contains(severities, o.severity) {
		return badInput("the severities are "+strings.Join(severities, ", "), "%q is no severity", o.severity)
	}
	return o.remote.check()
}

// source hands over events until ctx is done. It says when what was there at the beginning has been told, and how well
// that could be seen.
type source func(ctx context.Context, each func(rtevent.Event), settled func(rtevent.Coverage)) error

func (o *watch) source(c *cobra.Command) (source, error) {
	if o.remote.server != "" {
		if o.policy != "" {
			return nil, badInput("the server has a policy of its own", "--policy goes with this host, not with --server")
		}
		return o.remote.source(c, o.newOnly), nil
	}
	options := live.Options{
		Registry: iana.Open(),
		Observe:  observe.Options{Tier: o.tier},
		Identify: identify.Options{Timeout: o.timeout},
		Digests:  digests(),
		NoProbe:  o.noProbe,
		Insist:   o.insist,
		Select:   func(l rtevent.Listener) bool { return o.at(l, o.wanted) },
	}
	if o.policy != "" {
		policy, err := readPolicy(o.policy)
		if err != nil {
			return nil, err
		}
		options.Policy = policy
	}
	return func(ctx context.Context, each func(rtevent.Event), settled func(rtevent.Coverage)) error {
		options.Settled = settled
		return live.New(options).Run(ctx, each)
	}, nil
}

// readPolicy reads a policy file, "-" from nowhere: a policy is looked at again and again.
func readPolicy(file string) (*judge.Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, badInput("`rtevent check --learn` writes a policy from what runs now", "read policy: %s", err)
	}
	policy, err := judge.ReadPolicy(file, text)
	if err != nil {
		return nil, badInput("`rtevent check --help` tells the form of a policy", "%s", err)
	}
	return policy, nil
}

// fullScreen tells whether there is a person at a terminal who wants a view rather than lines.
func (o *watch) fullScreen(c *cobra.Command) bool {
	if o.json || o.plain || screenOf(c.OutOrStdout()).width == 0 {
		return false
	}
	in, ok := c.InOrStdin().(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && !strings.EqualFold(os.Getenv("TERM"), "dumb")
}

// eventLines prints a line for each event.
type eventLines struct {
	cobra *cobra.Command
	json  bool
	grid  *grid
	stop  func() // ends the watching when nothing can be written any more
	err   error
}

func (o *watch) lines(c *cobra.Command, stop func()) *eventLines {
	lines := &eventLines{cobra: c, json: o.json, stop: stop}
	if !o.json {
		lines.grid = newGrid(screenOf(c.OutOrStdout()), true,
			column{head: "TIME", width: 8},
			column{head: "EVENT", width: 11},
			column{head: "PORT", width: 9},
			column{head: "ON", width: 9, share: 15, limit: 16},
			column{head: "WHAT", width: 20, rest: true},
		)
	}
	return lines
}

func (e *eventLines) event(event rtevent.Event, change rtevent.ListenerChange) {
	if e.err != nil {
		return
	}
	if e.json {
		e.err = printJSON(e.cobra.OutOrStdout(), event)
	} else {
		e.line(event, change)
		e.err = e.grid.err
	}
	if e.err != nil {
		e.stop()
	}
}

// line prints an event for a person, and below it what deserves scrutiny about it.
func (e *eventLines) line(event rtevent.Event, change rtevent.ListenerChange) {
	colour := eventShade(event.Type, change)
	e.grid.row(gridRow{func(r []room) []string {
		port, on := "", ""
		if l := change.Listener; l != nil {
			port, on = l.PortName(), words.Fit(words.Where(*l), r[3].width)
		}
		what := words.Phrases(r[4].width, words.Happened(event.Type, change)...)
		return []string{event.Time.Local().Format(time.TimeOnly), words.Kind(event.Type), port, on, what}
	}, colour})
	if l := change.Listener; l != nil && l.Verdict != nil && gone(event.Type) == "" {
		for _, s := range l.Verdict.Signals {
			if mark := severityMarks[s.Severity]; mark != "" {
				line := words.Fit("         "+mark+words.Printable(s.Why), e.grid.screen.width)
				e.grid.print(e.grid.screen.paint(colour, line) + "\n")
			}
		}
		e.grid.flush()
	}
}

// severityMarks mark the signals that deserve scrutiny.
var severityMarks = map[rtevent.Severity]string{rtevent.High: "!! ", rtevent.Medium: "! "}

// gone is the mark of an event after which its listener is not there; empty for the others.
func gone(eventType string) string {
	switch eventType {
	case rtevent.ListenerClosed, rtevent.ListenerShortLived, rtevent.ListenerFailed:
		return dim
	}
	return ""
}

// eventShade is the colour of an event: that of its listener's verdict while it is there.
func eventShade(eventType string, change rtevent.ListenerChange) string {
	switch {
	case eventType == rtevent.ListenerGap:
		return yellow
	case gone(eventType) != "":
		return dim
	case change.Listener != nil && change.Listener.Verdict != nil:
		return shade(change.Listener.Verdict)
	}
	return ""
}

// settled tells a person that from here on everything is new.
func (e *eventLines) settled(c rtevent.Coverage) {
	if errors := screenOf(e.cobra.ErrOrStderr()); errors.width > 0 && !e.json {
		fmt.Fprintf(errors, "watching by %s; Ctrl-C ends it\n", c.Tier)
	}
}
