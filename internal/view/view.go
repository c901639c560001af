// Package view fills a terminal with what listens and what happens: the table of listeners, the log of events, everything
// about the one that is chosen, and a search through all of it.
package view

import (
	"context"
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Options say where the view is shown.
type Options struct {
	In    io.Reader
	Out   io.Writer
	Title string // of what: the host's name
}

// refresh is how often the screen changes at most.
const refresh = 50 * time.Millisecond

// Run shows what the board knows until the user quits or ctx is done; both are a good end.
func Run(ctx context.Context, b *Board, o Options) error {
	program := tea.NewProgram(newModel(b, o.Title),
		tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler(), tea.WithFPS(int(time.Second/refresh)))
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.follow(ctx, func() { program.Send(changed{}) })
	}()
	_, err := program.Run()
	stop()
	<-done
	if errors.Is(err, tea.ErrProgramKilled) && errors.Is(context.Cause(ctx), context.Canceled) {
		return nil
	}
	return err
}

// changed says that the board has something new.
type changed struct{}

// follow tells of changes, a moment after each other at least.
func (b *Board) follow(ctx context.Context, tell func()) {
	for {
		select {
		case <-b.changed:
		case <-ctx.Done():
			return
		}
		tell()
		select {
		case <-time.After(refresh):
		case <-ctx.Done():
			return
		}
	}
}
