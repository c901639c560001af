package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rtevent/internal/deliver"
)

// doors are the places where the daemon is reached, and who may enter.
type doors struct {
	listeners []deliver.Listener
	access    *deliver.Access
	keys      *deliver.Keys // nil without TLS
}

// ErrRefused is wrapped by the errors of settings that would open more than they should.
var ErrRefused = errors.New("refused")

// open opens the addresses, or takes those that systemd has opened, and refuses what is not safe.
func (o *Options) open() (d *doors, err error) {
	d = &doors{access: &deliver.Access{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if o.Tokens != "" {
		if d.access, err = deliver.ReadAccess(o.Tokens); err != nil {
			return d, err
		}
	}
	d.access.PlainOutside = o.PlainOutside
	d.access.Certificates = o.ClientCA != ""
	if o.Cert != "" {
		if d.keys, err = deliver.ReadKeys(o.Cert, o.Key, o.ClientCA); err != nil {
			return d, err
		}
	}
	if d.listeners, err = activated(); err != nil {
		return d, err
	}
	if len(d.listeners) == 0 {
		if err := o.listen(d); err != nil {
			return d, err
		}
	}
	return d, o.check(d)
}

func (o *Options) listen(d *doors) error {
	for _, address := range o.Listen {
		if err := d.listen(address, false); err != nil {
			return err
		}
	}
	for _, address := range o.TLSListen {
		if err := d.listen(address, true); err != nil {
			return err
		}
	}
	return nil
}

func (d *doors) listen(address string, isTLS bool) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		if isIPv6Loopback(address) && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)) {
			return nil // a host without IPv6
		}
		return err
	}
	d.listeners = append(d.listeners, deliver.Listener{Listener: l, TLS: isTLS})
	return nil
}

func isIPv6Loopback(address string) bool { return strings.HasPrefix(address, "[::1]:") }

// check refuses addresses beyond loopback that anybody could read or enter.
func (o *Options) check(d *doors) error {
	for _, l := range d.listeners {
		if l.TLS && d.keys == nil {
			return fmt.Errorf("listen on %s: TLS needs a certificate and its key", l.Addr())
		}
		a, ok := l.Addr().(*net.TCPAddr)
		switch {
		case ok && a.IP.IsLoopback():
		case !l.TLS && !o.PlainOutside:
			return fmt.Errorf("listen on %s: %w: it is plain, and reached from outside", l.Addr(), ErrRefused)
		case l.TLS && o.Tokens == "" && o.ClientCA == "":
			return fmt.Errorf("listen on %s: %w: it is reached from outside, and there are neither tokens nor a CA of client certificates", l.Addr(), ErrRefused)
		}
	}
	return nil
}

func (d *doors) tls() *tls.Config {
	if d.keys == nil {
		return nil
	}
	return d.keys.Config()
}

// tlsPort is told in the greeting.
func (d *doors) tlsPort() int {
	for _, l := range d.listeners {
		if a, ok := l.Addr().(*net.TCPAddr); ok && l.TLS {
			return a.Port
		}
	}
	return 0
}

func (d *doors) addresses() string {
	var all []string
	for _, l := range d.listeners {
		kind := "tcp://"
		if l.TLS {
			kind = "tls://"
		}
		all = append(all, kind+l.Addr().String())
	}
	return strings.Join(all, " ")
}

func (d *doors) close() error {
	var errs []error
	for _, l := range d.listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// reload reads certificates and tokens again when their files change, and at SIGHUP.
func (d *doors) reload(ctx context.Context, log *slog.Logger) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	said := "" // of an error that lasts, once
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-hangup:
			said = ""
		}
		read, err := d.access.Reload()
		if d.keys != nil {
			again, keysErr := d.keys.Reload()
			read, err = read || again, errors.Join(err, keysErr)
		}
		switch {
		case err != nil && err.Error() != said:
			said = err.Error()
			log.Error("read again what was changed: the former stays", "error", err)
		case read:
			said = ""
			log.Info("certificates and tokens are read again")
		}
	}
}

// activated are the sockets that systemd has opened: those named rt-event-s are for TLS.
func activated() ([]deliver.Listener, error) {
	const first = 3
	pid, count, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > 64 {
		return nil, fmt.Errorf("LISTEN_FDS is %.20q: want a number", count)
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	var all []deliver.Listener
	for i := range n {
		f := os.NewFile(uintptr(first+i), "socket of systemd")
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			return all, fmt.Errorf("take socket %d of systemd: %w", first+i, err)
		}
		all = append(all, deliver.Listener{Listener: l, TLS: i < len(names) && names[i] == "rt-event-s"})
	}
	return all, nil
}
