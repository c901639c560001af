// Runs the BPF program that lets the kernel itself name the holders of sockets, and survives kernels that hang.

package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -target bpfel -tags linux -cc clang-14 -strip llvm-strip-14 -no-global-types holders bpf/holders.c -- -O2 -Wall -Werror

// defaultBPFTimeout is twenty times what loading takes on a busy machine, and what a person just bears.
const defaultBPFTimeout = 2 * time.Second

// errHung says that the kernel did not come back.
var errHung = errors.New("the kernel did not answer in time")

// iterator runs the BPF program that walks all descriptors. Some kernels hang instead of refusing; therefore a goroutine
// does all the work, and whoever waits for it may give up.
type iterator struct {
	patience time.Duration
	loaded   chan error
	ask      chan struct{}
	answers  chan answer
	ended    chan struct{}
	isReady  bool
	hangs    bool
	failed   bool // it answers no more: ready and records must not be called again
}

type answer struct {
	records []record
	err     error
}

// startIterator begins to load the program. Call stop in the end.
func startIterator(patience time.Duration) *iterator {
	if patience <= 0 {
		patience = defaultBPFTimeout
	}
	// Every channel has room for what may come, so that the goroutine ends as soon as the kernel lets it, even when
	// nobody waits any more.
	it := &iterator{
		patience: patience,
		loaded:   make(chan error, 1),
		ask:      make(chan struct{}),
		answers:  make(chan answer, 1),
		ended:    make(chan struct{}),
	}
	go it.work()
	return it
}

func (it *iterator) work() {
	defer close(it.ended)
	program, err := loadProgram()
	it.loaded <- err
	if err != nil {
		return
	}
	defer program.close()
	for range it.ask {
		records, err := program.iterate()
		it.answers <- answer{records, err}
	}
}

// stop unloads the program and waits for that, unless the kernel hangs.
func (it *iterator) stop() {
	close(it.ask)
	if it.hangs {
		return
	}
	select {
	case <-it.ended:
	case <-time.After(it.patience):
	}
}

// ready waits until the program is loaded.
func (it *iterator) ready(ctx context.Context) (err error) {
	defer it.note(&err)
	if it.isReady {
		return nil
	}
	select {
	case err := <-it.loaded:
		it.isReady = err == nil
		return err
	case <-time.After(it.patience):
		it.hangs = true
		return fmt.Errorf("load BPF: %w (%v)", errHung, it.patience)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// note notes down a failure: an answer that comes too late would be taken for that to the next question.
func (it *iterator) note(err *error) { it.failed = it.failed || *err != nil }

// records walks all descriptors once.
func (it *iterator) records(ctx context.Context) (all []record, err error) {
	defer it.note(&err)
	it.ask <- struct{}{}
	select {
	case a := <-it.answers:
		return a.records, a.err
	case <-time.After(it.patience):
		it.hangs = true
		return nil, fmt.Errorf("read BPF iterator: %w (%v)", errHung, it.patience)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// program is a loaded BPF iterator.
type program struct {
	objects holdersObjects
	link    *link.Iter
}

func loadProgram() (*program, error) {
	p := &program{}
	if err := loadHoldersObjects(&p.objects, nil); err != nil {
		return nil, fmt.Errorf("load BPF: %w", ownWords(err))
	}
	var err error
	p.link, err = link.AttachIter(link.IterOptions{Program: p.objects.Holders})
	if err != nil {
		p.objects.Close()
		return nil, fmt.Errorf("attach BPF iterator: %w", ownWords(err))
	}
	return p, nil
}

func (p *program) close() {
	p.link.Close()
	p.objects.Close()
}

func (p *program) iterate() ([]record, error) {
	r, err := p.link.Open()
	if err != nil {
		return nil, fmt.Errorf("open BPF iterator: %w", ownWords(err))
	}
	defer r.Close()
	return readRecords(r)
}

// readRecords reads until the end. The kernel interrupts itself with EAGAIN after every million descriptors that lead to
// nothing; reading on continues where it was.
func readRecords(r io.Reader) ([]record, error) {
	const mostInterrupts = 10_000 // for as many millions of descriptors
	var records []record
	buffer, kept := make([]byte, 64<<10), 0
	for interrupts := 0; interrupts < mostInterrupts; {
		n, err := r.Read(buffer[kept:])
		rest := buffer[:kept+n]
		for ; len(rest) >= recordSize; rest = rest[recordSize:] {
			if one, ok := parseRecord(rest); ok {
				records = append(records, one)
			}
		}
		kept = copy(buffer, rest)
		switch {
		case err == io.EOF:
			return records, nil
		case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
			interrupts++
		case err != nil:
			return nil, fmt.Errorf("read BPF iterator: %w", err)
		}
	}
	return nil, fmt.Errorf("read BPF iterator: %w", unix.EAGAIN)
}

// ownWords replaces the library's explanation of EPERM, which guesses at memory limits: the kernels that know this
// iterator have none for BPF. Here it is missing capabilities, a user namespace, or the host's policy.
func ownWords(err error) error {
	var rejected *ebpf.VerifierError
	switch {
	case errors.Is(err, unix.EPERM):
		return unix.EPERM
	case errors.As(err, &rejected):
		return fmt.Errorf("the kernel rejects the program: %w", rejected.Cause)
	}
	return err
}
