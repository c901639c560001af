//go:build !linux

// Says what is missing on systems that rtevent cannot observe yet.

package observe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"

	"rtevent"
)

// remedies say what shows the listeners where rtevent cannot.
var remedies = map[string]string{
	"windows": `"netstat -abno" as administrator, or Get-NetTCPConnection -State Listen`,
	"darwin":  `"sudo lsof -nP -iTCP -sTCP:LISTEN -iUDP"`,
	"freebsd": `"sockstat -l"`,
}

func look(context.Context, Options) (*Snapshot, error) {
	remedy := remedies[runtime.GOOS]
	if remedy == "" {
		remedy = `"netstat -an"`
	}
	return nil, fmt.Errorf("list the listeners of %s: rtevent reads them from Linux kernels only; %s shows them: %w",
		runtime.GOOS, remedy, errors.ErrUnsupported)
}

func (w *Watch) run(ctx context.Context, _ func(Change)) error {
	_, err := look(ctx, w.options)
	return err
}

func bindProbe(ctx context.Context) ([]Hidden, error) {
	_, err := look(ctx, Options{})
	return nil, err
}

func (s *Snapshot) dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, l.AddrPort().String())
}
