// Finds the unit of a process by the number of its cgroup, which the kernel tells with every event.

package observe

import (
	"context"
	"encoding/binary"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// units remembers the unit of each cgroup that was met.
type units struct {
	mounts []mount
	root   string
	fd     int // the root of cgroup2; -1 when there is none
	known  map[uint64]string
}

// mostUnits bounds how many are remembered. Who is forgotten is looked up anew.
const mostUnits = 4096

func newUnits(mounts []mount) *units {
	u := &units{mounts: mounts, root: rootOfCgroups(mounts), fd: -1, known: map[uint64]string{}}
	if u.root != "" {
		if fd, err := unix.Open(u.root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
			u.fd = fd
		}
	}
	return u
}

func (u *units) close() {
	if u.fd >= 0 {
		unix.Close(u.fd)
	}
}

// of is the unit of a cgroup; "" when it is in none, or gone.
func (u *units) of(cgroup uint64) string {
	if cgroup <= rootCgroup || u.fd < 0 {
		return ""
	}
	unit, known := u.known[cgroup]
	if !known {
		if len(u.known) >= mostUnits {
			clear(u.known)
		}
		unit = unitOf(u.path(cgroup))
		u.known[cgroup] = unit
	}
	return unit
}

// path finds the directory of a cgroup: at once where we may open a file by its handle, by searching otherwise.
func (u *units) path(cgroup uint64) string {
	const handleOfKernfs = 0xfe // FILEID_KERNFS: the handle is the inode
	handle := unix.NewFileHandle(handleOfKernfs, binary.NativeEndian.AppendUint64(nil, cgroup))
	if fd, err := unix.OpenByHandleAt(u.fd, handle, unix.O_PATH|unix.O_CLOEXEC); err == nil {
		defer unix.Close(fd)
		path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err == nil {
			return strings.TrimPrefix(path, u.root)
		}
	}
	paths := map[uint64]string{cgroup: ""}
	findCgroups(context.Background(), u.mounts, paths)
	return paths[cgroup]
}
