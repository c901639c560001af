package cli

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/words"
)

// selection says which listeners are of interest.
type selection struct {
	ports     []string
	transport string
	process   string
	labels    []string
}

func (s *selection) flags(c *cobra.Command, ports string) {
	f := c.Flags()
	f.StringSliceVar(&s.ports, "port", nil, ports)
	f.StringVar(&s.transport, "transport", "", "only this transport: tcp or udp")
	f.StringVar(&s.process, "process", "", "only what this process holds: a pid, or part of its name, program, unit, package or user")
	f.StringSliceVar(&s.labels, "label", nil, "only these verdicts: "+strings.Join(labelNames(), ", "))
	_ = c.RegisterFlagCompletionFunc("label", cobra.FixedCompletions(labelNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("transport", cobra.FixedCompletions([]string{"tcp", "udp"}, cobra.ShellCompDirectiveNoFileComp))
}

// labelNames are the labels in the order of the alphabet.
func labelNames() []string {
	var names []string
	for _, l := range words.Labels() {
		names = append(names, string(l))
	}
	return names
}

func (s selection) check() error {
	if t := rtevent.Transport(s.transport); t != "" && t != rtevent.TCP && t != rtevent.UDP {
		return badInput("the transports are tcp and udp", "%q is no transport", s.transport)
	}
	for _, l := range s.labels {
		if words.Label(rtevent.Label(l)) == "" {
			return badInput("the labels are "+strings.Join(labelNames(), ", "), "%q is no label", l)
		}
	}
	return nil
}

// at tells whether a listener is on one of the ports, and of the transport.
func (s selection) at(l rtevent.Listener, ports []portRange) bool {
	in := len(ports) == 0 || slices.ContainsFunc(ports, func(r portRange) bool { return r.has(l) })
	return in && (s.transport == "" || rtevent.Transport(s.transport) == l.Transport)
}

// held tells whether the process that is asked for holds a listener.
func (s selection) held(l rtevent.Listener) bool {
	return s.process == "" || slices.ContainsFunc(l.Holders, func(h rtevent.Owner) bool { return holds(h, s.process) })
}

// shown tells whether a judged listener passes the filter on labels.
func (s selection) shown(l rtevent.Listener) bool {
	return len(s.labels) == 0 || l.Verdict != nil && slices.Contains(s.labels, string(l.Verdict.Label))
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

// asking says how to observe and to ask.
type asking struct {
	noProbe bool
	insist  bool
	timeout time.Duration
	tier    string
}

func (a *asking) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&a.noProbe, "no-probe", false, "ask nobody what it speaks")
	f.BoolVar(&a.insist, "insist", false, "ask even where that may start a service, print paper or take a debugger's only place")
	f.DurationVar(&a.timeout, "timeout", 0, "how long one port may be asked (default: about a second, more for a slow peer)")
	f.StringVar(&a.tier, "tier", "", "how to observe: bpf, sock_diag or proc (default: the cheapest that sees everything)")
	c.MarkFlagsMutuallyExclusive("no-probe", "timeout")
	c.MarkFlagsMutuallyExclusive("no-probe", "insist")
}

func (a asking) check() error {
	if a.timeout < 0 {
		return badInput("write it as 500ms or 2s", "a timeout of %s", a.timeout)
	}
	if !slices.Contains([]string{"", "bpf", "sock_diag", "proc"}, a.tier) {
		return badInput("the tiers are bpf, sock_diag and proc", "%q is no tier", a.tier)
	}
	return nil
}
