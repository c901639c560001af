package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/probe"
	"rtevent/internal/words"
)

// probing is the command that looks at other hosts from outside.
type probing struct {
	json    bool
	xml     string
	all     bool
	udp     bool
	ipv6    bool
	timeout time.Duration
	limits  probe.Limits
}

func newProbe() *cobra.Command {
	var o probing
	c := &cobra.Command{
		Use:   "probe HOST[:PORTS]...",
		Short: "Identify services from outside",
		Long: `probe finds the open ports of other hosts and tells what each really speaks, what the registry claims, and
the verdict. A line is printed as soon as it is known.

A HOST is an address, a block of addresses (192.0.2.0/24) or a name, of which the first IPv4 address counts, else
the first IPv6 address; an IPv6 address with ports stands in brackets. PORTS is a list of ports and ranges; - is all of them, and
53/udp one of that transport only. Without PORTS a few hundred are tried: those on which software of today is known to
listen by default and an independent source agrees, and the usual ones of all protocols that rtevent knows.

Without a HOST, and for -, targets are read from standard input, one a line.

Ports that are not open are counted, not listed, unless they were written out one by one. Of a host that
accepts on ports that nobody uses, only named ports are listed: the others being open says nothing.

It connects as any client would, needs no privilege, and says only what a protocol's own clients say. Ports
where a question may do harm (printers, debuggers, controllers of machines) are asked only if they are named on the command line.

Exit codes: 0 fine, 1 something deserves scrutiny, 2 nothing is open, 3 not permitted, 4 a target is none or has no
address (the others were probed), 5 something broke or it was interrupted (what was printed is partial).`,
		Example: `  rtevent probe 192.0.2.7                  the usual ports of a host
  rtevent probe 192.0.2.7:-                all of them
  rtevent probe '[2001:db8::7]:22,8000-9000' db.example.com:5432
  rtevent probe 192.0.2.0/24:443 --json    a block, one JSON object a line
  rtevent probe --udp 192.0.2.53           also over UDP
  rtevent probe -oX scan.xml 192.0.2.7     for tools that read the XML of nmap
  rtevent probe < targets.txt              one HOST:PORT a line`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	o.flags(c)
	return c
}

func (o *probing) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	f.StringVar(&o.xml, nmapXML, "", "write nmap's XML to this `file` (-oX file; - is standard output)")
	f.BoolVar(&o.all, "all", false, "list every port, also those that are not open")
	f.BoolVar(&o.udp, "udp", false, "ask over UDP as well")
	f.BoolVarP(&o.ipv6, "ipv6", "6", false, "of a name take the first IPv6 address")
	f.DurationVar(&o.timeout, "timeout", 0, "how long one port may take to accept, and again to be asked (default: by the host's round trip)")
	f.IntVar(&o.limits.Rate, "rate", 0, "connections begun each second, at most (default: as fast as it goes)")
	f.IntVar(&o.limits.HostRate, "host-rate", 0, "the same at one host")
	f.IntVar(&o.limits.Conns, "max-conns", 0, "connections at once, at most (default 1024)")
	f.IntVar(&o.limits.HostConns, "host-conns", 0, "the same at one host (default 512)")
}

// nmapXML is the flag that users of nmap write -oX. As a flag of ours it has two dashes: see withNmapFlags.
const nmapXML = "oX"

// withNmapFlags lets -oX be written as users of nmap do: by the rules of our own flags it would be -o with the value X.
func withNmapFlags(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		if a == "-"+nmapXML || strings.HasPrefix(a, "-"+nmapXML+"=") {
			out[i] = "-" + a
		}
	}
	return out
}

func (o probing) run(c *cobra.Command, args []string) error {
	d, err := o.drawer(c, args)
	if err != nil {
		return err
	}
	registry := iana.Open()
	outputs, err := o.outputs(c, registry)
	if err != nil {
		return err
	}
	var total probeTotal
	voice := newVoice(c.ErrOrStderr())
	d.complain, d.note = voice.complain, voice.note
	began := time.Now()
	options := probe.Options{Registry: registry, Limits: o.limits, Timeout: o.timeout, Insist: d.lines == nil, All: o.all}
	probe.Run(c.Context(), options, d.all(c.Context()), func(r probe.Result) {
		total.add(r)
		voice.progress.say("%d ports tried, %d open", total.Ports, total.Open)
		if r.Listed {
			voice.progress.clear()
		}
		for _, out := range outputs {
			out.row(r)
		}
	})
	voice.progress.clear()
	total.Hosts, total.Errors = d.hosts(), voice.complaints()
	total.Interrupted, total.TookMS = c.Context().Err() != nil, time.Since(began).Milliseconds()
	for _, out := range outputs {
		if err := out.end(total); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return total.outcome()
}

// drawer reads the command line. What is mistyped there ends the command before anybody is asked.
func (o probing) drawer(c *cobra.Command, args []string) (*drawer, error) {
	for flag, n := range map[string]int{"rate": o.limits.Rate, "host-rate": o.limits.HostRate, "max-conns": o.limits.Conns, "host-conns": o.limits.HostConns} {
		if n < 0 || c.Flags().Changed(flag) && n == 0 {
			return nil, badInput("leave it out for the default", "--%s %d", flag, n)
		}
	}
	if o.timeout < 0 {
		return nil, badInput("write it as 500ms or 2s", "a timeout of %s", o.timeout)
	}
	if o.json && o.xml == "-" {
		return nil, badInput("write one of them to a file", "--json and -oX - both go to standard output")
	}
	d := &drawer{usual: newUsualPorts(o.udp), ipv6: o.ipv6}
	for _, arg := range args {
		if arg == "-" {
			d.lines = c.InOrStdin()
			continue
		}
		a, err := parseAim(arg)
		if err != nil {
			return nil, err
		}
		d.aims = append(d.aims, a)
	}
	if len(args) == 0 {
		if f, ok := c.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return nil, badInput(aimHint, "probe needs a target")
		}
		d.lines = c.InOrStdin()
	}
	return d, nil
}

// outputs are where the results go: to the screen as a table or JSON, and to a file as nmap would write it.
func (o probing) outputs(c *cobra.Command, registry *iana.Registry) ([]output, error) {
	var outputs []output
	if o.xml != "" {
		x, err := newXMLOutput(o.xml, c.OutOrStdout())
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, x)
	}
	switch {
	case o.xml == "-":
	case o.json:
		outputs = append(outputs, &jsonEndpoints{out: c.OutOrStdout()})
	default:
		outputs = append(outputs, newProbeTable(screenOf(c.OutOrStdout()), registry, o.udp))
	}
	return outputs, nil
}

// output takes the ports as they are known, then what they add up to; it keeps the first error of writing for the end.
type output interface {
	row(probe.Result)
	end(probeTotal) error
}

// voice is what is said beside the results.
type voice struct {
	progress *progress
	mu       sync.Mutex
	out      io.Writer
	errors   int
}

func newVoice(w io.Writer) *voice { return &voice{progress: newProgress(w), out: w} }

// complain tells what is wrong with one target, and counts.
func (v *voice) complain(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.errors++
	v.progress.clear()
	fmt.Fprintf(v.out, "rtevent: error: %s\n", words.Printable(err.Error()))
}

func (v *voice) note(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.progress.clear()
	fmt.Fprintf(v.out, "rtevent: note: %s\n", words.Printable(text))
}

func (v *voice) complaints() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.errors
}

// probeTotal is what the ports add up to.
type probeTotal struct {
	Hosts        int `json:"hosts"`
	Ports        int `json:"ports"`
	Open         int `json:"open"`
	Closed       int `json:"closed"`
	Filtered     int `json:"filtered"`
	OpenFiltered int `json:"open_filtered"`
	Everywhere   int `json:"answers_everywhere"` // hosts
	verdicts
	Errors      int   `json:"errors"` // targets that were none or have no address
	Interrupted bool  `json:"interrupted,omitempty"`
	TookMS      int64 `json:"took_ms"`
	denied      int   // ports that this system did not let us try
}

func (t *probeTotal) add(r probe.Result) {
	if r.AnswersEverywhere {
		t.Everywhere++
		return
	}
	t.Ports++
	switch r.State {
	case rtevent.Open:
		t.Open++
	case rtevent.Closed:
		t.Closed++
	case rtevent.Filtered:
		t.Filtered++
	case rtevent.OpenFiltered:
		t.OpenFiltered++
	}
	if r.Denied {
		t.denied++
	}
	if r.Verdict != nil {
		t.verdicts.add(atPort(r.Endpoint), r.Claim, r.Verdict)
	}
}

// outcome turns the total into the end of the command.
func (t probeTotal) outcome() error {
	switch {
	case t.Interrupted:
		return errors.New("interrupted: what is above is partial")
	case t.Errors > 0:
		return badInput("", "%s could not be probed", words.Counted(t.Errors, "target"))
	case t.Hosts == 0:
		return badInput(aimHint, "no targets")
	case t.Ports > 0 && t.denied == t.Ports:
		return fmt.Errorf("this host does not let anything out: %w", os.ErrPermission)
	case t.Open == 0 && t.Everywhere == 0:
		return outcome(exitNothing)
	case t.Scrutiny > 0:
		return outcome(exitScrutiny)
	default:
		return nil
	}
}
