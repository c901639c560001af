package attribute

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

var (
	errExited = errors.New("exited before it could be read")
	errHidden = errors.New("hidden by /proc's hidepid option: needs CAP_SYS_PTRACE")
	errRights = errors.New("needs CAP_SYS_PTRACE")
	errPolicy = errors.New("refused by the kernel's policy, although CAP_SYS_PTRACE is held")
)

// unseen turns what the kernel answered into the reason why a process, or a part of it, could not be seen.
func unseen(pid int, err error) error {
	switch {
	case errors.Is(err, unix.ESRCH):
		return errExited
	case errors.Is(err, fs.ErrNotExist):
		if exists := unix.Kill(pid, 0); errors.Is(exists, unix.EPERM) {
			return errHidden
		}
		return errExited
	case errors.Is(err, fs.ErrPermission):
		return denied()
	default:
		return err
	}
}

// denied is what would help where the kernel said no.
func denied() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err == nil && data[0].Effective&(1<<unix.CAP_SYS_PTRACE) != 0 {
		return errPolicy
	}
	return errRights
}

// fail notes why a field could not be read. A process that vanished is noticed elsewhere, once for all fields.
func (p *process) fail(field string, err error) {
	switch {
	case err == nil || errors.Is(err, unix.ESRCH):
		return
	case errors.Is(err, fs.ErrPermission):
		err = denied()
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("this /proc does not show it")
	}
	p.unread = append(p.unread, field+": "+err.Error())
}
