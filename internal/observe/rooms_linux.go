// Finds all network namespaces and the ways into them.

package observe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// atlas is all network namespaces that processes run in or that are mounted.
type atlas struct {
	own   *room
	rooms map[uint64]*room // by inode, our own among them

	// sealed are the rooms whose inode we may not read. They are told apart by the inode of their /proc/PID/net/tcp,
	// which anybody may read: it is made once for each namespace.
	sealed map[uint64]*room
}

// maxDoors bounds how many ways into each room are remembered, in case that some processes end.
const maxDoors = 4

// newAtlas knows our own room only.
func newAtlas(p *procfs) *atlas {
	own := &room{ephemeral: defaultEphemeral}
	if inode, err := p.linked("thread-self/ns/net", "net"); err == nil {
		own.inode = inode
	} else if inode, err := p.linked("self/ns/net", "net"); err == nil {
		own.inode = inode
	}
	return &atlas{own: own, rooms: map[uint64]*room{own.inode: own}, sealed: map[uint64]*room{}}
}

// explore finds the rooms of the given processes and of all mounts.
func (a *atlas) explore(ctx context.Context, p *procfs, pids []int, mounts []mount) {
	inodes := make([]uint64, len(pids))
	denied := make([]bool, len(pids))
	sideBySide(ctx, workers(), len(pids), func(_, i int) {
		inode, err := p.linked(strconv.Itoa(pids[i])+"/ns/net", "net")
		inodes[i], denied[i] = inode, errors.Is(err, fs.ErrPermission)
	})
	for i, pid := range pids {
		if inodes[i] != 0 {
			a.add(inodes[i], pid, p.path+"/"+strconv.Itoa(pid)+"/ns/net")
		}
	}
	for _, m := range mounts {
		if inode, ok := bracketed([]byte(m.root), "net"); ok && m.kind == "nsfs" {
			a.name(a.add(inode, 0, m.point), m.point)
		}
	}
	if slices.Contains(denied, true) {
		a.exploreSealed(p, pids, denied)
	}
	for _, r := range a.foreign() {
		if r.name == "" {
			r.name = nameAfter(p, r.pid)
		}
	}
}

func (a *atlas) add(inode uint64, pid int, door string) *room {
	r := a.rooms[inode]
	if r == nil {
		r = &room{inode: inode, pid: pid, ephemeral: defaultEphemeral}
		a.rooms[inode] = r
	}
	if len(r.doors) < maxDoors || pid == 0 {
		r.doors = append(r.doors, door)
	}
	return r
}

// name prefers the shortest of the mount points.
func (a *atlas) name(r *room, point string) {
	if r != a.own && (r.name == "" || len(point) < len(r.name)) {
		r.name = point
	}
}

// exploreSealed finds the rooms of processes that do not let us see in which room they are.
func (a *atlas) exploreSealed(p *procfs, pids []int, denied []bool) {
	known := map[uint64]bool{p.tableInode("self"): true, 0: true}
	for _, r := range a.rooms {
		if r.pid != 0 {
			known[p.tableInode(strconv.Itoa(r.pid))] = true
		}
	}
	for i, pid := range pids {
		if !denied[i] {
			continue
		}
		if inode := p.tableInode(strconv.Itoa(pid)); !known[inode] {
			known[inode] = true
			a.sealed[inode] = &room{pid: pid, ephemeral: defaultEphemeral}
		}
	}
}

func (p *procfs) tableInode(process string) uint64 {
	var st unix.Stat_t
	if err := unix.Fstatat(p.fd, process+"/net/tcp", &st, 0); err != nil {
		return 0
	}
	return st.Ino
}

func nameAfter(p *procfs, pid int) string {
	if comm := p.comm(pid); comm != "" {
		return fmt.Sprintf("pid %d (%s)", pid, comm)
	}
	return fmt.Sprintf("pid %d", pid)
}

// foreign are all rooms but our own.
func (a *atlas) foreign() []*room {
	var all []*room
	for _, r := range a.rooms {
		if r != a.own {
			all = append(all, r)
		}
	}
	for _, r := range a.sealed {
		all = append(all, r)
	}
	return all
}

// unlock opens a door of the room. The error is fs.ErrNotExist when all that led into it is gone.
func (r *room) unlock() (*os.File, error) {
	err := fmt.Errorf("network namespace %s: %w", r.name, fs.ErrNotExist)
	for _, door := range r.doors {
		key, failed := os.Open(door)
		if failed == nil {
			var st unix.Stat_t
			if unix.Fstat(int(key.Fd()), &st) == nil && st.Ino == r.inode {
				return key, nil
			}
			key.Close() // the process number belongs to another process by now
			continue
		}
		if !errors.Is(failed, fs.ErrNotExist) && !errors.Is(failed, unix.ESRCH) {
			err = failed
		}
	}
	return nil, err
}

// lock lets go of the key.
func (r *room) lock() {
	if r.key != nil {
		r.key.Close()
		r.key = nil
	}
}

// keyOf makes a key of the room that a socket of another process is in. It is how a room is entered that no process and
// no mount leads to: somebody opened a socket there and went away.
func keyOf(h holder) (*os.File, error) {
	process, err := unix.PidfdOpen(h.pid, 0)
	if err != nil {
		return nil, fmt.Errorf("open pid %d: %w", h.pid, err)
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, h.fd, 0)
	if err != nil {
		return nil, fmt.Errorf("borrow descriptor %d of pid %d: %w", h.fd, h.pid, err)
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	key, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	if err != nil {
		return nil, fmt.Errorf("network namespace of descriptor %d of pid %d: %w", h.fd, h.pid, err)
	}
	unix.CloseOnExec(key)
	return os.NewFile(uintptr(key), fmt.Sprintf("network namespace of pid %d, descriptor %d", h.pid, h.fd)), nil
}
