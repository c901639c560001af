package cli

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/observe"
	"rtevent/internal/survey"
	"rtevent/internal/words"
)

// look is the main command: the table of this host's listeners, or the page of a port.
type look struct {
	json      bool
	noProbe   bool
	insist    bool
	timeout   time.Duration
	ports     []string
	transport string
	process   string
	labels    []string
	tier      string
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
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	f.BoolVar(&o.noProbe, "no-probe", false, "ask nobody what it speaks")
	f.BoolVar(&o.insist, "insist", false, "ask even where that may start a service, print paper or take a debugger's only place")
	f.DurationVar(&o.timeout, "timeout", 0, "how long one port may be asked (default: about a second, more for a slow peer)")
	f.StringSliceVar(&o.ports, "port", nil, "only these ports, as a table: 22, 8000-9000, 53/udp")
	f.StringVar(&o.transport, "transport", "", "only this transport: tcp or udp")
	f.StringVar(&o.process, "process", "", "only what this process holds: a pid, or part of its name, program, unit, package or user")
	f.StringSliceVar(&o.labels, "label", nil, "only these verdicts: "+strings.Join(labelNames(), ", "))
	f.StringVar(&o.tier, "tier", "", "how to observe: bpf, sock_diag or proc (default: the cheapest that sees everything)")
	c.MarkFlagsMutuallyExclusive("no-probe", "timeout")
	c.MarkFlagsMutuallyExclusive("no-probe", "insist")
	_ = c.RegisterFlagCompletionFunc("label", cobra.FixedCompletions(labelNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("transport", cobra.FixedCompletions([]string{"tcp", "udp"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// labelNames are the labels in the order of the alphabet.
func labelNames() []string {
	var names []string
	for _, l := range words.Labels() {
		names = append(names, string(l))
	}
	return names
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
	if t := rtevent.Transport(o.transport); t != "" && t != rtevent.TCP && t != rtevent.UDP {
		return badInput("the transports are tcp and udp", "%q is no transport", o.transport)
	}
	for _, l := range o.labels {
		if words.Label(rtevent.Label(l)) == "" {
			return badInput("the labels are "+strings.Join(labelNames(), ", "), "%q is no label", l)
		}
	}
	if o.timeout < 0 {
		return badInput("write it as 500ms or 2s", "a timeout of %s", o.timeout)
	}
	if !slices.Contains([]string{"", "bpf", "sock_diag", "proc"}, o.tier) {
		return badInput("the tiers are bpf, sock_diag and proc", "%q is no tier", o.tier)
	}
	return nil
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
		Select: func(l rtevent.Listener) bool {
			in := len(ports) == 0 || slices.ContainsFunc(ports, func(r portRange) bool { return r.has(l) })
			return in && (o.transport == "" || rtevent.Transport(o.transport) == l.Transport)
		},
		Match: func(l rtevent.Listener) bool {
			return o.process == "" || slices.ContainsFunc(l.Holders, func(h rtevent.Owner) bool { return holds(h, o.process) })
		},
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

// holds tells whether an owner goes by a name: its pid, or part of what it is called anywhere.
func holds(o rtevent.Owner, name string) bool {
	if pid, err := strconv.Atoi(name); err == nil {
		return o.PID == pid
	}
	names := []string{o.Name, path.Base(o.Exe), o.Unit, o.User}
	if o.Package != nil {
		names = append(names, o.Package.Name)
	}
	if p := o.Program; p != nil {
		names = append(names, p.Name, path.Base(p.Path), path.Base(p.Project))
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(strings.ToLower(n), name) })
}

// shown tells whether a judged listener passes the filter on labels.
func (o look) shown(l rtevent.Listener) bool {
	return len(o.labels) == 0 || l.Verdict != nil && slices.Contains(o.labels, string(l.Verdict.Label))
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
