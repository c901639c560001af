package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"rtevent/internal/datagram"
	"rtevent/internal/sweep"
)

// line opens the connections to one port: first the one that the sweep left, so that nobody meets a caller who hangs up
// without a word.
type line struct {
	at  netip.AddrPort
	rtt time.Duration

	mu     sync.Mutex
	conn   net.Conn // of the sweep; nil once it is used
	opened time.Time
	count  int   // connections begun
	broke  error // of UDP: what came back instead of an answer
}

func newLine(r sweep.Result) *line {
	return &line{at: netip.AddrPortFrom(r.Target.Addr, r.Port), rtt: r.RTT, conn: r.Conn, opened: r.Opened}
}

// stale is the age from which a connection is no longer handed on: its server may be about to give up on it.
const stale = 3 * time.Second

// dial opens a connection; it is a Dial of identify.Target.
func (l *line) dial(ctx context.Context, network string) (net.Conn, error) {
	if conn := l.take(network); conn != nil {
		// Whoever dials measures the round trip by it: what is open already takes as long as it would have.
		pause(ctx, l.rtt)
		return conn, nil
	}
	if network != "tcp" {
		conn, err := datagram.Dial(ctx, new(net.Dialer), network, l.at.String())
		if err != nil {
			l.breaks(err)
			return nil, err
		}
		return watched{conn, l}, nil
	}
	return l.insist(ctx)
}

// insist connects, and begins anew where the kernel would wait a second for the answer to a packet that was lost.
func (l *line) insist(ctx context.Context) (net.Conn, error) {
	for wait := 250*time.Millisecond + 4*l.rtt; ; wait *= 2 {
		conn, err := l.once(ctx, wait)
		if err == nil || ctx.Err() != nil || !timedOut(err) {
			return conn, err
		}
	}
}

func (l *line) once(ctx context.Context, wait time.Duration) (net.Conn, error) {
	l.mu.Lock()
	l.count++
	l.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	return new(net.Dialer).DialContext(ctx, "tcp", l.at.String())
}

// take is the connection of the sweep, if it is still there and fresh.
func (l *line) take(network string) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	conn := l.conn
	if conn == nil || network != "tcp" {
		return nil
	}
	l.conn = nil
	if time.Since(l.opened) > stale {
		conn.Close()
		return nil
	}
	return conn
}

// close closes what nobody took.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// watched is a UDP socket that tells its line what came back instead of an answer: the host, the way to it or this
// system may refuse.
type watched struct {
	net.Conn
	line *line
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.line.breaks(err)
	return n, err
}

func (w watched) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.line.breaks(err)
	return n, err
}

func (l *line) breaks(err error) {
	if err == nil || timedOut(err) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broke == nil || sweep.Refused(err) {
		l.broke = err
	}
}

// broken is what came back instead of an answer; nil if nothing did.
func (l *line) broken() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broke
}

// begun is how many connections were begun beyond that of the sweep.
func (l *line) begun() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
