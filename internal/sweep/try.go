package sweep

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"syscall"
	"time"

	"rtevent"
)

// try connects to a port until it is accepted, refused, or has been silent often enough, and notes that in r. The state
// stays empty when ctx has ended before.
func (s *sweeper) try(ctx context.Context, h *host, r *Result) {
	at := netip.AddrPortFrom(h.addr, r.Port)
	for n, short := 0, 0; ; {
		wait, most := h.patience(s.Timeout)
		if n >= most {
			r.State, r.Why = rtevent.Filtered, "no answer"
			return
		}
		if s.rate.wait(ctx) != nil || h.rate.wait(ctx) != nil {
			return
		}
		begun := time.Now()
		conn, err := dial(ctx, at, wait)
		switch {
		case err == nil:
			h.accepted.Add(1)
			h.answered(time.Since(begun))
			r.State, r.Conn, r.Opened = rtevent.Open, conn, time.Now()
			return
		case ctx.Err() != nil:
			return
		case Refused(err):
			h.refused.Add(1)
			h.answered(time.Since(begun))
			r.State, r.Why = rtevent.Closed, "refused"
			return
		case exhausted(err) && short < mostShort:
			short++
			pause(ctx, shortage)
		case timedOut(err):
			n++
		default:
			r.State, r.Why, r.Denied = rtevent.Filtered, Why(err), errors.Is(err, fs.ErrPermission)
			return
		}
	}
}

// What to do when this host itself has no descriptor or port left for one more connection: others are about to end.
const (
	shortage  = 50 * time.Millisecond
	mostShort = 100
)

// dial connects within a time.
func dial(ctx context.Context, at netip.AddrPort, wait time.Duration) (net.Conn, error) {
	if at.Addr().IsLoopback() {
		if conn, err, known := dialLoopback(at); known {
			return conn, err
		}
	}
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	dialer := net.Dialer{KeepAlive: -1}
	conn, err := dialer.DialTCP(ctx, "tcp", netip.AddrPort{}, at)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Refused tells an error of a connection by which its host says that nobody is there.
func Refused(err error) bool {
	return errors.Is(err, errRefused) || errors.Is(err, errReset)
}

// exhausted tells that it was for want of something here that nothing was sent.
func exhausted(err error) bool {
	for _, want := range [...]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, errNoBuffers} {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Why is what the system says of an error, without the layers that carried it here.
func Why(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
