package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// record holds one conversation with a server and prints it, ready for a new protocol's tests.
type record struct {
	tls   bool
	udp   bool
	say   string
	quiet time.Duration
}

func newRecord() *cobra.Command {
	var o record
	c := &cobra.Command{
		Use:   "record [PROTOCOL] HOST:PORT",
		Short: "Record a conversation with a real server as a transcript",
		Long: `record connects once, says what a client of the protocol says (its hello, its dialogue, its farewell), and
prints what passed as a transcript for internal/protocol/testdata. Where the answer leads to further
questions, as in HTTP, it asks them on further connections. Without a protocol it listens for a greeting,
or says what --say gives: that is how a protocol that rtevent does not know yet is recorded.

The want line is what today's readers make of the reply: check it before you keep it.`,
		Example: `  rtevent record redis 127.0.0.1:6379
  rtevent record --tls http localhost:8443
  rtevent record --udp domain 127.0.0.1:53
  rtevent record --say 'stats\r\n' 127.0.0.1:11300`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return badInput("`rtevent record redis 127.0.0.1:6379`", "record takes a protocol and HOST:PORT, or HOST:PORT alone")
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, d := range protocol.All {
				names = append(names, d.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	c.Flags().BoolVar(&o.tls, "tls", false, "speak inside TLS")
	c.Flags().BoolVar(&o.udp, "udp", false, "speak over UDP")
	c.Flags().StringVar(&o.say, "say", "", `what to say first, with the escapes of a Go string: 'PING\r\n'`)
	c.Flags().DurationVar(&o.quiet, "quiet", time.Second, "how long the server must be silent to count as done")
	c.MarkFlagsMutuallyExclusive("tls", "udp")
	return c
}

func (o record) run(c *cobra.Command, args []string) error {
	lines, err := o.lines(args[:len(args)-1])
	if err != nil {
		return err
	}
	target := args[len(args)-1]
	if _, _, err := net.SplitHostPort(target); err != nil {
		return badInput("write it as 127.0.0.1:6379 or [::1]:6379", "%q is no HOST:PORT", target)
	}
	t, err := o.converse(c.Context(), target, lines)
	if err != nil {
		return err
	}
	found := protocol.Read(t.Reply())
	if len(args) > 1 && o.say == "" && !o.udp {
		more, err := o.further(c.Context(), target, protocol.Lookup(args[0]), t)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	t.Want = &rtevent.Finding{}
	if slices.SortStableFunc(found, protocol.Order); len(found) > 0 {
		*t.Want = protocol.Merge(found)
	}
	return t.Write(c.OutOrStdout())
}

// converse records one connection.
func (o record) converse(ctx context.Context, target string, lines transcript.Lines) (*transcript.Transcript, error) {
	conn, err := o.dial(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", target, err)
	}
	defer conn.Close()
	return transcript.Record(ctx, conn, lines)
}

// further asks on other connections what goes on from the first, as rtevent would when it identifies the server, adds
// that to the transcript, and returns what it tells.
func (o record) further(ctx context.Context, target string, d *protocol.Def, t *transcript.Transcript) ([]rtevent.Finding, error) {
	const most = 3 // questions
	if d.Next == nil {
		return nil, nil
	}
	asked := map[string]bool{}
	for questions := d.Next(t.Reply()); len(questions) > 0 && len(asked) < most; {
		q := questions[0]
		questions = questions[1:]
		if asked[q.Words] {
			continue
		}
		asked[q.Words] = true
		c, err := o.converse(ctx, target, transcript.Lines{Hello: q.Words, Quiet: o.quiet})
		if err != nil {
			return nil, err
		}
		t.Continue(c)
		if found := q.Reading(c.Reply()); len(found) > 0 && !protocol.Platform(found[0]) {
			return found, nil
		}
		if c.Reply() != "" {
			questions = append(d.Next(c.Reply()), questions...)
		}
	}
	return nil, nil
}

// lines are what to say: of a protocol, of --say, or nothing.
func (o record) lines(name []string) (transcript.Lines, error) {
	lines := transcript.Lines{Quiet: o.quiet}
	if len(name) > 0 {
		d := protocol.Lookup(name[0])
		if d == nil {
			return lines, badInput("leave the protocol out and give what to say with --say", "no protocol %q", name[0])
		}
		lines.Hello, lines.Talk, lines.Bye = d.Hello, d.Talk, d.Bye
		if o.udp {
			lines = transcript.Lines{Hello: d.Datagram, Talk: d.Talk, Quiet: o.quiet}
		}
	}
	if o.say != "" {
		said, err := strconv.Unquote(`"` + o.say + `"`)
		if err != nil {
			return lines, badInput(`escape it as in a Go string: 'PING\r\n'`, "--say %q is no string", o.say)
		}
		lines.Hello = said
	}
	if o.udp && lines.Hello == "" {
		return lines, badInput("give a protocol that is spoken over UDP, or --say", "an empty datagram can kill a server: it is never sent")
	}
	return lines, nil
}

func (o record) dial(ctx context.Context, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	switch {
	case o.udp:
		return new(net.Dialer).DialContext(ctx, "udp", target)
	case o.tls:
		// What is recorded is the conversation inside; whose certificate carries it does not matter.
		return (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", target)
	default:
		return new(net.Dialer).DialContext(ctx, "tcp", target)
	}
}
