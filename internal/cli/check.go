package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/identify"
	"rtevent/internal/judge"
	"rtevent/internal/observe"
	"rtevent/internal/survey"
	"rtevent/internal/words"
)

// check holds this host against a policy.
type check struct {
	asking
	policy string
	learn  bool
	hidden bool
	json   bool
	sarif  string
	junit  string
}

func newCheck() *cobra.Command {
	var o check
	c := &cobra.Command{
		Use:   "check",
		Short: "Hold this host against a policy: what may listen, and what must",
		Long: `check compares what listens with a policy, for CI and cron. It prints what listens and may not (+), what must
listen and does not (-), what too little is known of (?), and which rules have expired (!).

A policy is YAML: under "allow" a list of rules. A listener is allowed when it is all that one rule says:

  port       22, 8000-9000, 53/udp, or a list of these
  transport  tcp or udp
  scope      loopback, interface or all: this one or a narrower one
  address    the address it takes traffic on
  program    the path of the executable, or of the script or jar that it runs
  package    the name of the package that it comes from
  unit       of the service manager
  container  its name or id
  user       a name or a number
  protocol   what it speaks, as rtevent names it
  required   true: something like this must listen
  reason     for whoever reads it
  expires    the last day on which the rule holds: 2027-12-31

In program, package, unit, container, user and protocol * stands for any text without a slash. What a rule does not say
may be anything. The near ends of clients' conversations over UDP are not held against it.

--learn writes a policy from what runs now. --hidden binds every port for a moment to find listeners that no view of
the kernel shows; it needs no policy.

It ends with 0 if all is as it should be, 1 if it is not, 3 if that cannot be told without more rights,
4 if the policy has a mistake.`,
		Example: `  rtevent check --learn > policy.yaml
  rtevent check --policy policy.yaml
  rtevent check --policy policy.yaml --sarif results.sarif --junit results.xml
  rtevent check --hidden`,
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringVar(&o.policy, "policy", "", "the `file` that says what may listen")
	f.BoolVar(&o.learn, "learn", false, "write a policy that allows what listens now")
	f.BoolVar(&o.hidden, "hidden", false, "also look for listeners that the kernel does not list")
	f.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	f.StringVar(&o.sarif, "sarif", "", "write the result as SARIF 2.1.0 to this `file`; - is standard output")
	f.StringVar(&o.junit, "junit", "", "write the result as JUnit XML to this `file`; - is standard output")
	o.asking.flags(c)
	c.MarkFlagsMutuallyExclusive("policy", "learn")
	c.MarkFlagsMutuallyExclusive("learn", "hidden")
	for _, report := range []string{"json", "sarif", "junit"} {
		c.MarkFlagsMutuallyExclusive("learn", report)
	}
	return c
}

func (o *check) run(c *cobra.Command) error {
	if err := o.checkFlags(); err != nil {
		return err
	}
	if o.learn {
		return o.writePolicy(c)
	}
	var report report
	if o.policy != "" {
		policy, err := readPolicy(o.policy)
		if err != nil {
			return err
		}
		listeners, coverage, err := o.listeners(c, !policy.NeedsFinding())
		if err != nil {
			return err
		}
		report.policy, report.coverage = policy, &coverage
		report.Holding = policy.Hold(listeners, time.Now())
	}
	if o.hidden {
		if err := report.probe(c); err != nil {
			return err
		}
	}
	if err := o.print(c, report); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return report.outcome()
}

func (o *check) checkFlags() error {
	if o.policy == "" && !o.learn && !o.hidden {
		return badInput("`rtevent check --learn > FILE` writes a policy from what runs now", "no policy: want --policy FILE")
	}
	outs := 0
	for _, taken := range []bool{o.json, o.sarif == "-", o.junit == "-"} {
		if taken {
			outs++
		}
	}
	if outs > 1 {
		return badInput("write one of them to a file", "standard output takes one of --json, --sarif - and --junit -")
	}
	return o.asking.check()
}

// listeners looks at the whole host. Nobody is asked where nothing depends on the answers.
func (o *check) listeners(c *cobra.Command, quiet bool) ([]rtevent.Listener, rtevent.Coverage, error) {
	progress := newProgress(c.ErrOrStderr())
	defer progress.clear()
	var listeners []rtevent.Listener
	coverage, err := survey.Run(c.Context(), survey.Options{
		Registry: iana.Open(),
		Observe:  observe.Options{Tier: o.tier},
		Identify: identify.Options{Timeout: o.timeout},
		Digests:  digests(),
		NoProbe:  o.noProbe || quiet,
		Insist:   o.insist,
		Asked:    progress.asked,
	}, func(l rtevent.Listener) { listeners = append(listeners, l) })
	if err == nil {
		err = context.Cause(c.Context())
	}
	return listeners, coverage, err
}

// writePolicy writes what listens now as a policy.
func (o *check) writePolicy(c *cobra.Command) error {
	listeners, coverage, err := o.listeners(c, false)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	if _, err := c.OutOrStdout().Write(judge.Learn(host, listeners)); err != nil {
		return fmt.Errorf("write the policy: %w", err)
	}
	for _, g := range coverage.Gaps {
		fmt.Fprintf(c.ErrOrStderr(), "rtevent: not seen: %s\n", words.Gap(g))
	}
	return nil
}

// probe looks for listeners that no view of the kernel shows.
func (r *report) probe(c *cobra.Command) error {
	hidden, err := observe.BindProbe(c.Context())
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	r.probed, r.refused = true, err
	if err != nil {
		fmt.Fprintf(c.ErrOrStderr(), "rtevent: not probed: %s\n", words.Printable(err.Error()))
	}
	for _, h := range hidden {
		r.Deviations = append(r.Deviations, judge.Deviation{
			Kind: judge.Hidden, Why: "its port is taken, and no view of the kernel shows by whom",
			Listener: &rtevent.Listener{
				Transport: h.Transport, Port: h.Port, Address: netip.IPv6Unspecified(), DualStack: true, Scope: rtevent.All,
				Holders: []rtevent.Owner{{Unseen: "hidden from every view of the kernel"}},
			},
		})
	}
	return nil
}

// print writes the result in every form that is asked for; the one for people unless standard output is taken.
func (o *check) print(c *cobra.Command, r report) error {
	files := []struct {
		name  string
		write func(io.Writer, report) error
	}{{o.sarif, writeSARIF}, {o.junit, writeJUnit}}
	taken := false
	for _, f := range files {
		switch f.name {
		case "":
		case "-":
			taken = true
			if err := f.write(c.OutOrStdout(), r); err != nil {
				return err
			}
		default:
			if err := writeFile(f.name, func(w io.Writer) error { return f.write(w, r) }); err != nil {
				return err
			}
		}
	}
	if taken {
		return nil
	}
	return written(c, func(out io.Writer) error {
		if o.json {
			return r.writeJSON(out)
		}
		s := screenOf(c.OutOrStdout())
		s.Writer = out
		r.write(s)
		return nil
	})
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
