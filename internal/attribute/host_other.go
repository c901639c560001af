//go:build !linux

package attribute

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// host stands for a system whose processes rtevent cannot read yet.
type host struct{ own *system }

func openHost(string) (*host, error) {
	return nil, fmt.Errorf("reading processes is not built for %s, only for Linux: %w", runtime.GOOS, errors.ErrUnsupported)
}

func (h *host) close() {}

func (h *host) process(int) (*process, error) { return nil, errors.ErrUnsupported }

func (h *host) parent(int) (procStat, error) { return procStat{}, errors.ErrUnsupported }

func (h *host) workplace(int, time.Time) (workplace, error) {
	return workplace{}, errors.ErrUnsupported
}
