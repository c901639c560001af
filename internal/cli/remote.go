package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/client"
)

// remote is a server whose events are watched.
type remote struct {
	calling
	since string
	start client.Start
}

func (r *remote) flags(c *cobra.Command) {
	r.calling.flags(c)
	server := c.Flags().Lookup("server") // here it is no default, but a choice
	server.Usage, server.DefValue, r.server = "watch what this rt-event server has and gets, instead of this host: `HOST:PORT`, or tls://HOST:PORT", "", ""
	c.Flags().StringVar(&r.since, "since", "", "with --server: begin with what its journal holds since then: a cursor, a time (2026-11-28T12:00:00Z), or how long ago (90m)")
}

func (r *remote) check() error {
	if r.since != "" && r.server == "" {
		return badInput("only a server keeps what happened before: add --server HOST:PORT", "--since without --server")
	}
	if r.since == "" {
		return nil
	}
	if ago, err := time.ParseDuration(r.since); err == nil && ago >= 0 {
		r.start = client.Since(time.Now().Add(-ago))
		return nil
	}
	var err error
	if r.start, err = client.ParseStart(r.since); err != nil {
		return badInput("write a cursor as k3f9q2.1042, a time as 2026-11-28T12:00:00Z, or how long ago as 90m", "--since %s: %s", r.since, err)
	}
	return nil
}

// source are the events of the server: the state of its world and what happens then, or what happened since.
func (r *remote) source(command *cobra.Command, newOnly bool) source {
	from := r.start
	switch {
	case from != client.Start{}:
	case newOnly:
		from = client.Live
	default:
		from = client.State
	}
	return func(ctx context.Context, each func(rtevent.Event), settled func(rtevent.Coverage)) error {
		c, err := r.dial(command, "")
		if err != nil {
			return err
		}
		defer c.Close()
		live := from == client.Live
		server := c.Server()
		told := rtevent.Coverage{Tier: fmt.Sprintf("%s on %s", server.Software, server.Node)}
		if live {
			settled(told)
		}
		subscription := client.Subscription{
			Topics: []string{"listener.>"}, From: from, Restart: client.State,
			OnLive: func(rtevent.Cursor) {
				if !live {
					live = true
					settled(told)
				}
			},
			OnBreak: func(err error) {
				if reset := (*client.ResetError)(nil); errors.As(err, &reset) {
					each(gapOf(r.server, reset))
				}
			},
		}
		for e, err := range c.Subscribe(ctx, subscription) {
			var gap *client.GapError
			switch {
			case errors.As(err, &gap):
				each(gapOf(r.server, gap))
			case err != nil:
				return err
			case !live && from == client.State && gone(e.Type) != "": // the last that was heard of a topic
			default:
				each(e)
			}
		}
		return ctx.Err()
	}
}

// gapOf is an event of our own: something is missing from what a server told.
func gapOf(server string, why error) rtevent.Event {
	data, _ := json.Marshal(rtevent.ListenerChange{Gap: &rtevent.Gap{What: "events of " + server, Why: why.Error()}})
	now := time.Now()
	return rtevent.Event{
		ID: fmt.Sprintf("gap-%d", now.UnixNano()), Source: "//watch", Type: rtevent.ListenerGap, Topic: "listener.watch.gap", Time: now, Data: data,
	}
}
