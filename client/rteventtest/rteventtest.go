// Package rteventtest starts a real rt-event server for tests: on loopback, with a journal of its own.
package rteventtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"

	"rtevent/internal/deliver"
	"rtevent/internal/journal"
)

// Server is a running server.
type Server struct {
	Address string // HOST:PORT, for client.Dial

	dir    string
	cancel context.CancelFunc
	ended  sync.WaitGroup
	errs   [2]error // of the journal and the server, when they have ended
}

// Start starts a server that runs until the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := New()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// New starts a server that runs until it is closed.
func New() (*Server, error) {
	dir, err := os.MkdirTemp("", "rteventtest-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.run("127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// Close stops the server, which says good-bye to its clients, and removes its history.
func (s *Server) Close() error { return errors.Join(s.stop(), os.RemoveAll(s.dir)) }

// Restart stops the server and starts it again with the same history at the same address, as an upgrade does.
func (s *Server) Restart() error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.run(s.Address)
}

func (s *Server) stop() error {
	s.cancel()
	s.ended.Wait()
	return errors.Join(s.errs[:]...)
}

func (s *Server) run(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	j, err := journal.Open(journal.Options{Dir: s.dir, Durability: journal.Process, TailBytes: 4 << 20, FreeBytes: 1})
	if err != nil {
		l.Close()
		return fmt.Errorf("start a server for tests: %w", err)
	}
	d, err := deliver.New(deliver.Options{Log: j, Software: "rteventtest", Node: "test", Durable: string(journal.Process)})
	if err != nil {
		l.Close()
		return errors.Join(err, j.Close())
	}
	s.Address = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	keeping, release := context.WithCancel(context.Background()) // the journal outlives the server that uses it
	s.ended.Go(func() { s.errs[0] = j.Run(keeping) })
	s.ended.Go(func() {
		defer release()
		s.errs[1] = d.Run(ctx, deliver.Listener{Listener: l})
	})
	return nil
}
