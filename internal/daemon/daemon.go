// Package daemon joins the stages: what listens on this host is watched, kept in the journal, and delivered.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rtevent"
	"rtevent/internal/deliver"
	"rtevent/internal/iana"
	"rtevent/internal/journal"
	"rtevent/internal/live"
	"rtevent/internal/page"
)

// Options are the settings of the daemon.
type Options struct {
	Journal  journal.Options
	Live     live.Options
	NoWatch  bool // this host is not watched: the daemon only carries the events of others
	Registry *iana.Registry

	Listen    []string // HOST:PORT, plain
	TLSListen []string // HOST:PORT

	Cert, Key, ClientCA string // files
	Tokens              string // the file of who may what; "" for none
	PlainOutside        bool   // plain addresses beyond loopback are not refused
	Hosts               []string

	Host    string // the name of this host
	Version string
	Logger  *slog.Logger
}

// Run is the daemon: it returns when ctx ends and everything is kept, or when a part of it fails.
func Run(ctx context.Context, o Options) error {
	doors, err := o.open()
	if err != nil {
		return err
	}
	log, err := journal.Open(o.Journal)
	if err != nil {
		return errors.Join(err, doors.close())
	}
	watch, err := o.watch(ctx, log)
	if err != nil {
		return errors.Join(err, doors.close(), log.Close())
	}
	pages, err := page.New(page.Options{Source: log, Registry: o.Registry, Coverage: watch.coverage, Host: o.Host, Version: o.Version})
	if err != nil {
		return errors.Join(err, doors.close(), log.Close())
	}
	server, err := deliver.New(deliver.Options{
		Log: log, Software: "rtevent/" + o.Version, Node: o.Host, Durable: string(log.Durability()),
		Access: doors.access, TLS: doors.tls(), TLSPort: doors.tlsPort(), Hosts: o.Hosts, Page: pages, Logger: o.Logger,
	})
	if err != nil {
		return errors.Join(err, doors.close(), log.Close())
	}
	server.Registry().MustRegister(newMetrics(log, doors.keys))
	notify := newNotifier()
	o.Logger.Info("rtevent serves", "addresses", doors.addresses(), "data", o.Journal.Dir, "durable", log.Durability(), "epoch", log.Bounds().Epoch, "newest", log.Bounds().Newest)
	return runInTurn(ctx, // the last to start is the first to stop
		part{"journal", log.Run},
		part{"deliver", func(ctx context.Context) error { return server.Run(ctx, doors.listeners...) }},
		part{"page", pages.Run},
		part{"files", func(ctx context.Context) error { return doors.reload(ctx, o.Logger) }},
		part{"watch", watch.run},
		part{"notify", notify.run},
	)
}

// part is something that runs until its context ends.
type part struct {
	name string
	run  func(context.Context) error
}

// runInTurn runs the parts until ctx ends or one of them fails. Then it stops them one after the other, the last first,
// so that each can use those before it until its own end.
func runInTurn(ctx context.Context, parts ...part) error {
	type running struct {
		stop  context.CancelFunc
		ended chan error
	}
	failed := make(chan error, len(parts))
	all := make([]running, len(parts))
	for i, p := range parts {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		all[i] = running{stop, make(chan error, 1)}
		go func() {
			err := p.run(own)
			if own.Err() == nil { // nobody asked it to
				failed <- errors.Join(fmt.Errorf("%s ended", p.name), err)
			} else if errors.Is(err, context.Canceled) {
				err = nil
			}
			all[i].ended <- err
		}()
	}
	var errs []error
	select {
	case <-ctx.Done():
	case err := <-failed:
		errs = append(errs, err)
	}
	for i := len(all) - 1; i >= 0; i-- {
		all[i].stop()
		if err := <-all[i].ended; err != nil && len(errs) == 0 {
			errs = append(errs, fmt.Errorf("%s: %w", parts[i].name, err))
		}
	}
	return errors.Join(errs...)
}

// watching is the live pipeline, or nothing.
type watching struct {
	live *live.Live
	tell *teller
}

// watch makes the live pipeline. It begins with what the journal last knew of this host, so that what came and went while
// nobody watched is told.
func (o *Options) watch(ctx context.Context, log *journal.Journal) (*watching, error) {
	if o.NoWatch {
		return &watching{}, nil
	}
	before, err := lastKnown(ctx, log, o.Host)
	if err != nil {
		return nil, fmt.Errorf("read what was known of this host: %w", err)
	}
	o.Live.Before, o.Live.Host, o.Live.Registry = before, o.Host, o.Registry
	began := time.Now()
	o.Live.Settled = func(c rtevent.Coverage) {
		o.Logger.Info("this host is watched", "known before", len(before), "tier", c.Tier, "took", time.Since(began).Round(time.Millisecond))
		for _, g := range c.Gaps {
			o.Logger.Warn("not seen", "what", g.What, "why", g.Why)
		}
	}
	return &watching{live: live.New(o.Live), tell: newTeller(log, o.Logger)}, nil
}

func (w *watching) run(ctx context.Context) error {
	if w.live == nil {
		<-ctx.Done()
		return nil
	}
	err := w.live.Run(ctx, func(e rtevent.Event) { w.tell.tell(ctx, e) })
	w.tell.settle()
	return err
}

func (w *watching) coverage() rtevent.Coverage {
	if w.live == nil {
		return rtevent.Coverage{}
	}
	return w.live.Coverage()
}
