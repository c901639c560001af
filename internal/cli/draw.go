package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"rtevent/internal/sweep"
)

// lookups is how many targets are looked up at once.
const lookups = 32

// drawer turns what the user wrote into targets: it reads them as they are needed, never all at once, and looks up
// their names.
type drawer struct {
	aims     []aim
	lines    io.Reader // further targets, one a line; may be nil
	usual    usualPorts
	ipv6     bool // prefer a name's IPv6 address
	complain func(error)
	note     func(string)

	mu    sync.Mutex
	drawn int // hosts
}

// all yields the targets. It complains of those that are none and goes on.
func (d *drawer) all(ctx context.Context) iter.Seq[sweep.Target] {
	return func(yield func(sweep.Target) bool) {
		ctx, stop := context.WithCancel(ctx)
		aims, targets := make(chan aim), make(chan sweep.Target)
		go d.read(ctx, aims) // not waited for: reading a terminal or a pipe ends only with what is read
		var workers sync.WaitGroup
		for range lookups {
			workers.Go(func() { d.resolve(ctx, aims, targets) })
		}
		go func() {
			workers.Wait()
			close(targets)
		}()
		defer workers.Wait()
		defer stop()
		for {
			select {
			case t, ok := <-targets:
				if !ok || !yield(t) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// read hands over the targets of the command line, then those of the lines.
func (d *drawer) read(ctx context.Context, aims chan<- aim) {
	defer close(aims)
	send := func(a aim) bool {
		select {
		case aims <- a:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for _, a := range d.aims {
		if !send(a) {
			return
		}
	}
	if d.lines == nil {
		return
	}
	for line, err := range linesOf(d.lines) {
		var a aim
		if err == nil && line.text != "" {
			a, err = parseAim(line.text)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.complain(fmt.Errorf("standard input, line %d: %w", line.number, err))
		case line.text != "" && !send(a):
			return
		}
	}
}

// longLine is how long a line may be, in bytes; a target is much shorter.
const longLine = 4 << 10

type inputLine struct {
	number int
	text   string // without blanks and comment
}

// linesOf yields every line of a text. One that is too long is an error, and the next follows.
func linesOf(in io.Reader) iter.Seq2[inputLine, error] {
	return func(yield func(inputLine, error) bool) {
		reader := bufio.NewReaderSize(in, longLine)
		for number := 1; ; number++ {
			text, err := reader.ReadSlice('\n')
			line, comment := inputLine{number: number}, []byte("#")
			if errors.Is(err, bufio.ErrBufferFull) {
				for errors.Is(err, bufio.ErrBufferFull) {
					_, err = reader.ReadSlice('\n')
				}
				if !yield(line, fmt.Errorf("longer than %d bytes", longLine)) {
					return
				}
			} else {
				text, _, _ = bytes.Cut(text, comment)
				line.text = strings.TrimSpace(string(text))
				if !yield(line, nil) {
					return
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(line, fmt.Errorf("read: %w", err))
				}
				return
			}
		}
	}
}

// resolve turns aims into targets.
func (d *drawer) resolve(ctx context.Context, aims <-chan aim, targets chan<- sweep.Target) {
	for a := range aims {
		if a.name != "" {
			address, err := d.lookup(ctx, a.name)
			if err != nil {
				if ctx.Err() == nil {
					d.complain(err)
				}
				continue
			}
			a.block, a.zone = netip.PrefixFrom(address.WithZone(""), address.BitLen()), address.Zone()
		}
		for address := a.block.Addr(); a.block.Contains(address); address = address.Next() {
			d.mu.Lock()
			d.drawn++
			d.mu.Unlock()
			for _, t := range a.at(address.WithZone(a.zone), d.usual) {
				select {
				case targets <- t:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// lookup is the address of a name: the first of the preferred family, else the first.
func (d *drawer) lookup(ctx context.Context, name string) (netip.Addr, error) {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return netip.Addr{}, badInput("", "look up %s: %s", name, dns.Err)
	} else if err != nil {
		return netip.Addr{}, badInput("", "look up %s: %v", name, err)
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	i := max(slices.IndexFunc(found, func(a netip.Addr) bool { return a.Is6() == d.ipv6 }), 0)
	if len(found) > 1 {
		d.note(fmt.Sprintf("%s has %d addresses; this is about %s", name, len(found), found[i]))
	}
	return found[i], nil
}

// hosts is how many were drawn.
func (d *drawer) hosts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drawn
}
