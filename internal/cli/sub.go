package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/client"
	"rtevent/internal/words"
)

// sub follows a server's events.
type sub struct {
	calling
	from  string
	types []string
	json  bool
	count int
	until bool
}

func newSub() *cobra.Command {
	var o sub
	c := &cobra.Command{
		Use:   "sub [TOPIC...]",
		Short: "Follow the events of an rt-event server",
		Long: `sub prints events as a server tells them, and goes on where it was when the connection breaks. Topics are tokens with
dots between; * stands for one token, > at the end for one or more. Without a topic it follows all.

What is no event, as a gap in the server's history, is told on standard error.

Exit codes: 0 done, 2 nobody there or nothing to go on from, 3 not permitted, 4 bad input, 5 something broke.`,
		Example: `  rtevent sub
  rtevent sub 'listener.*.tcp.3706.>' --from state
  rtevent sub 'doors.>' --json --from oldest --until-live | jq .data
  rtevent sub --server tls://events.example.org --token-file token --from k3f9q2.1042`,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	o.calling.flags(c)
	f := c.Flags()
	f.StringVar(&o.from, "from", "live", "begin with: live, oldest, state, what comes after a `cursor`, or a time")
	f.StringSliceVar(&o.types, "type", nil, "only events of these `types`")
	f.BoolVar(&o.json, "json", false, "print each event as it travels, one JSON object a line")
	f.IntVar(&o.count, "count", 0, "stop after this many events")
	f.BoolVar(&o.until, "until-live", false, "stop when everything that was there has been told")
	return c
}

func (o *sub) run(c *cobra.Command, topics []string) error {
	for _, t := range topics {
		if err := rtevent.CheckFilter(t); err != nil {
			return badInput("quote it: 'doors.>'", "%s", err)
		}
	}
	from, err := client.ParseStart(o.from)
	if err != nil {
		return badInput("", "--from: %s", err)
	}
	server, err := o.dial(c, "")
	if err != nil {
		return err
	}
	defer server.Close()
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	out := bufio.NewWriter(c.OutOrStdout())
	wanted := client.Subscription{Topics: topics, Types: o.types, From: from, OnBreak: func(err error) {
		fmt.Fprintf(c.ErrOrStderr(), "rtevent: %s: connecting again\n", words.Printable(err.Error()))
	}}
	if o.until {
		wanted.OnLive = func(rtevent.Cursor) { stop() }
	}
	err = o.print(ctx, c, server, wanted, out)
	if flushed := out.Flush(); flushed != nil {
		return fmt.Errorf("write events: %w", flushed)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // as asked, by --until-live or by a signal
	}
	return o.explain(ctx, err)
}

// print prints events until there are enough.
func (o *sub) print(ctx context.Context, c *cobra.Command, server *client.Client, wanted client.Subscription, out *bufio.Writer) error {
	printed := 0
	for line, err := range server.Lines(ctx, wanted) {
		var gap *client.GapError
		if errors.As(err, &gap) {
			fmt.Fprintf(c.ErrOrStderr(), "rtevent: %s\n", words.Printable(gap.Error()))
			continue
		} else if err != nil {
			return err
		}
		if o.json {
			_, _ = out.Write(words.EscapedJSON(line.JSON))
			err = out.WriteByte('\n')
		} else {
			err = printEvent(out, line.JSON)
		}
		if printed++; o.count > 0 && printed == o.count {
			return nil
		}
		if err == nil && out.Buffered() > 0 && !line.More {
			err = out.Flush()
		}
		if err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	return nil
}

// printEvent prints an event for people: when, where, what.
func printEvent(out *bufio.Writer, line []byte) error {
	var e rtevent.Event
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	when := "-"
	if !e.Time.IsZero() {
		when = e.Time.Local().Format(time.DateTime)
	}
	data := string(e.Data)
	if e.DataBase64 != nil {
		data = fmt.Sprintf("%d bytes", len(e.DataBase64))
	}
	_, err := fmt.Fprintf(out, "%-19s  %s  %s  %s  %s\n", when, e.Cursor, words.Printable(e.Topic), words.Printable(e.Type), words.Printable(data))
	return err
}
