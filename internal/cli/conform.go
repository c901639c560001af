package cli

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/conform"
	"rtevent/internal/words"
)

// conforming is the command that holds other implementations of rt-event/1.
type conforming struct {
	json    bool
	client  bool
	list    bool
	verbose bool
	token   string
	vectors []string
	told    string
	ca      string
	timeout time.Duration
}

func newConform() *cobra.Command {
	var o conforming
	c := &cobra.Command{
		Use:   "conform [tls://]HOST:PORT | --client [HOST:PORT]",
		Short: "Hold an implementation of rt-event/1 against its specification",
		Long: `conform speaks to a server, any server, as the vectors of the specification say, and tells for every numbered
statement of docs/rt-event.md whether it holds. What it publishes lies on topics below "conform".

With --client it is the server: it listens, names a vector after the other, and how to start the client under test for
it. With --delivered what the client prints of the events that it delivers, one a line, is held, too.

The vectors are text, for other programs as well: see internal/conform/vectors/README.md.

Exit codes: 0 every statement that was looked at holds, 1 one does not, 2 nobody there, 4 bad input, 5 something broke.`,
		Example: `  rtevent conform 127.0.0.1:3706
  rtevent conform --json 127.0.0.1:3706 | jq -c 'select(.outcome=="fail")'
  rtevent conform --ca ca.pem --token-file token tls://events.example.org:3707
  rtevent conform --client --vector client-resume 127.0.0.1:3799
  my-client 127.0.0.1:3799 | rtevent conform --client --vector client-resume --delivered - 127.0.0.1:3799
  rtevent conform --list`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	tokenFile := c.Flags().String("token-file", "", "authenticate by the token in this `file`")
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print JSON, one object a line")
	f.StringVar(&o.ca, "ca", "", "speak TLS and trust the CA in this `file`")
	f.BoolVar(&o.client, "client", false, "hold a client: listen, by default on a free port of 127.0.0.1")
	f.BoolVar(&o.list, "list", false, "list the vectors")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "of what failed, show all that was said and seen")
	f.StringSliceVar(&o.vectors, "vector", nil, "only these `vectors`")
	f.StringVar(&o.told, "delivered", "", "of a client, for one vector: the `file` that its output goes to, - for standard input")
	f.DurationVar(&o.timeout, "timeout", 0, "how long an answer is waited for (default 5s; for a client to come, 30s)")
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		if o.token, err = tokenFrom(*tokenFile); err != nil {
			return err
		}
		return o.run(c, args)
	}
	return c
}

// tokenFrom reads a token from a file, so that it stands on no command line.
func tokenFrom(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", badInput("", "read the token: %s", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func (o conforming) run(c *cobra.Command, args []string) error {
	side := conform.Server
	if o.client {
		side = conform.Client
	}
	all, err := o.chosen(side)
	if err != nil {
		return err
	}
	if o.list {
		for _, v := range all {
			fmt.Fprintf(c.OutOrStdout(), "%-18s %s\n", v.Name, v.Title)
		}
		return nil
	}
	var results []conform.Result
	switch {
	case o.client:
		results, err = o.holdClients(c, args, all)
	case len(args) == 0:
		return badInput("`rtevent conform 127.0.0.1:3706`", "conform takes the HOST:PORT of a server, or --client")
	default:
		var target conform.Target
		if target, err = o.target(args[0]); err != nil {
			return err
		}
		err = conform.CheckServer(c.Context(), target, all, func(r []conform.Result) { results = append(results, r...) })
	}
	switch {
	case err != nil && o.client:
		return err
	case err != nil && len(results) == 0:
		return nobodyThere(c, err)
	}
	return o.tell(c.OutOrStdout(), results, err)
}

// target reads which server is to be held.
func (o conforming) target(arg string) (conform.Target, error) {
	addr, secure := strings.CutPrefix(arg, "tls://")
	t := conform.Target{Addr: addr, Token: o.token, Patience: o.timeout}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return t, badInput("write it as 127.0.0.1:3706, [::1]:3706 or tls://HOST:3707", "%q is no HOST:PORT", arg)
	}
	if !secure && o.ca == "" {
		return t, nil
	}
	t.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS13}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return t, badInput("", "read the CA: %s", err)
		}
		t.TLS.RootCAs = x509.NewCertPool()
		if !t.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return t, badInput("it is to be in PEM, as `rtevent cert` writes it", "%s holds no certificate", o.ca)
		}
	}
	return t, nil
}

// nobodyThere tells that there is nothing to hold.
func nobodyThere(c *cobra.Command, err error) error {
	if c.Context().Err() != nil {
		return c.Context().Err()
	}
	fmt.Fprintf(c.ErrOrStderr(), "rtevent: error: %s\n", words.Printable(err.Error()))
	return outcome(exitNothing)
}

// chosen are the vectors of one side, all of them or those that were named.
func (o conforming) chosen(side conform.Side) ([]*conform.Vector, error) {
	all, err := conform.Vectors(side)
	if err != nil || len(o.vectors) == 0 {
		return all, err
	}
	var chosen []*conform.Vector
	for _, name := range o.vectors {
		i := slices.IndexFunc(all, func(v *conform.Vector) bool { return v.Name == name })
		if i < 0 {
			return nil, badInput("`rtevent conform --list`, with --client for those of clients", "no vector of a %s is called %q", side, name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// holdClients holds one client after the other, each for a vector, on the same port.
func (o conforming) holdClients(c *cobra.Command, args []string, all []*conform.Vector) ([]conform.Result, error) {
	addr := "127.0.0.1:0"
	if len(args) > 0 {
		addr = args[0]
	}
	told, err := o.delivered(c, all)
	if err != nil {
		return nil, err
	}
	var results []conform.Result
	for _, v := range all {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, badInput("give a HOST:PORT of this host", "listen: %s", err)
		}
		addr = l.Addr().String()
		fmt.Fprintf(c.ErrOrStderr(), "rtevent: %s: start the client against %s: %s\n", v.Name, addr, v.Start)
		results = append(results, conform.CheckClient(c.Context(), conform.Stage{Listener: l, Delivered: told, Patience: o.timeout}, v)...)
		if c.Context().Err() != nil {
			return results, c.Context().Err()
		}
	}
	return results, nil
}

// delivered is where the client under test tells what it delivers, nil where it does not.
func (o conforming) delivered(c *cobra.Command, all []*conform.Vector) (io.Reader, error) {
	switch {
	case o.told == "":
		return nil, nil
	case len(all) != 1:
		return nil, badInput("name it with --vector", "--delivered is for one vector")
	case o.told == "-":
		return c.InOrStdin(), nil
	}
	f, err := os.Open(o.told)
	if err != nil {
		return nil, badInput("", "--delivered: %s", err)
	}
	return f, nil // read until the command ends
}

// conformLine is a result as JSON.
type conformLine struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	conform.Result
}

// conformSum is what the results add up to.
type conformSum struct {
	Schema  string `json:"schema"`
	Kind    string `json:"kind"`
	Pass    int    `json:"pass"`
	Fail    int    `json:"fail"`
	Skipped int    `json:"skipped"`
}

func (o conforming) tell(w io.Writer, results []conform.Result, broken error) error {
	slices.SortStableFunc(results, conform.Order)
	sum := conformSum{Schema: rtevent.Schema, Kind: "summary"}
	for _, s := range conform.Sum(results) {
		switch s.Outcome {
		case conform.Pass:
			sum.Pass++
		case conform.Fail:
			sum.Fail++
		default:
			sum.Skipped++
		}
		if !o.json {
			o.tellStatement(w, s, results)
		}
	}
	if o.json {
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		for _, r := range results {
			if err := lines.Encode(conformLine{rtevent.Schema, "statement", r}); err != nil {
				return err
			}
		}
		if err := lines.Encode(sum); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "%s: %d hold, %d do not, %d could not be looked at\n",
			words.Counted(sum.Pass+sum.Fail+sum.Skipped, "statement"), sum.Pass, sum.Fail, sum.Skipped)
	}
	switch {
	case broken != nil:
		return fmt.Errorf("what is above is partial: %w", broken)
	case sum.Fail > 0:
		return outcome(exitScrutiny)
	}
	return nil
}

// tellStatement prints a statement; where it fails, every vector that says so, with what passed.
func (o conforming) tellStatement(w io.Writer, s conform.Statement, results []conform.Result) {
	name := s.ID
	if name == "" {
		name = "(preparing)"
	}
	switch s.Outcome {
	case conform.Pass:
		fmt.Fprintf(w, "%-12s pass  %s\n", name, s.What)
		return
	case conform.Skip:
		fmt.Fprintf(w, "%-12s skip  %s (%s)\n", name, s.What, words.Printable(s.Why))
		return
	}
	fmt.Fprintf(w, "%-12s FAIL  %s\n", name, s.What)
	for _, r := range results {
		if r.ID != s.ID || r.Outcome != conform.Fail {
			continue
		}
		fmt.Fprintf(w, "    vector %s, line %d: %s\n", r.Vector, r.Line, words.Printable(r.Why))
		talk := r.Talk
		if last := 6; !o.verbose && len(talk) > last {
			talk = talk[len(talk)-last:]
		}
		for _, line := range talk {
			fmt.Fprintf(w, "      %s\n", words.Printable(line))
		}
	}
}
