// Remembers the network namespaces for as long as something listens in them, so that each has one name and can be dialled.

package observe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"

	"rtevent"
)

// registry is the rooms in which something listens, and our own. Looks find rooms anew each time; here each is one for
// good. It keeps no room open: a namespace ends when its users do, and not when we do.
type registry struct {
	proc *procfs
	own  *room

	mu     sync.Mutex
	known  map[uint64]*room   // by inode, our own among them
	sealed map[string]*room   // by name, those whose inode may not be read
	ways   map[*room][]holder // descriptors that lead into rooms that nothing else leads to, by the last look
	found  map[*room][]holder // the same of the look that is being judged
}

func newRegistry(proc *procfs) *registry {
	own := newAtlas(proc).own
	return &registry{
		proc:   proc,
		own:    own,
		known:  map[uint64]*room{own.inode: own},
		sealed: map[string]*room{},
		ways:   map[*room][]holder{},
		found:  map[*room][]holder{},
	}
}

// meet returns the room with an inode, which a process told of.
func (r *registry) meet(inode uint64, by *process) *room {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.known[inode]; known != nil {
		return known
	}
	made := &room{inode: inode, ephemeral: defaultEphemeral}
	if by != nil {
		made.pid = by.pid
		made.doors = []string{r.proc.path + "/" + strconv.Itoa(by.pid) + "/ns/net"}
	}
	made.name = r.nameOf(made, by)
	r.known[inode] = made
	return made
}

// nameOf prefers a place where the room is mounted over the process that is in it.
func (r *registry) nameOf(made *room, by *process) string {
	name := ""
	if mountinfo, err := r.proc.read("self/mountinfo", 64<<20); err == nil {
		for _, m := range parseMounts(mountinfo, "nsfs") {
			inode, ok := bracketed([]byte(m.root), "net")
			if ok && inode == made.inode && (name == "" || len(m.point) < len(name)) {
				name = m.point
				made.doors = append(made.doors, m.point)
			}
		}
	}
	switch {
	case name != "":
		return name
	case by != nil:
		return fmt.Sprintf("pid %d (%s)", by.pid, printable(by.name))
	}
	return fmt.Sprintf("network namespace %d", made.inode)
}

// adopt returns the room that a look found, as it is known here.
func (r *registry) adopt(found *room) *room {
	r.mu.Lock()
	defer r.mu.Unlock()
	var known *room
	if found.inode != 0 {
		known = r.known[found.inode]
	} else {
		known = r.sealed[found.name]
	}
	if known == nil {
		known = &room{inode: found.inode, name: found.name}
		if found.inode != 0 {
			r.known[found.inode] = known
		} else {
			r.sealed[found.name] = known
		}
	}
	known.pid, known.doors, known.view, known.ephemeral = found.pid, found.doors, found.view, found.ephemeral
	return known
}

// lead remembers who holds a socket in a room that neither a process nor a mount leads to.
func (r *registry) lead(to *room, holders []holder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to != r.own && len(to.doors) == 0 && len(r.found[to]) < maxDoors {
		r.found[to] = append(r.found[to], holders...)
	}
}

// forget drops the rooms in which nothing listens, and the descriptors that an earlier look found.
func (r *registry) forget(used map[*room]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for inode, known := range r.known {
		if known != r.own && !used[known] {
			delete(r.known, inode)
		}
	}
	for name, known := range r.sealed {
		if !used[known] {
			delete(r.sealed, name)
		}
	}
	r.ways, r.found = r.found, map[*room][]holder{}
}

// dial connects to a Listener from inside its room.
func (r *registry) dial(ctx context.Context, l rtevent.Listener, network string) (net.Conn, error) {
	if l.Namespace == "" {
		return dialHere(ctx, l, network)
	}
	key, err := r.key(l)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", l.PortName(), err)
	}
	defer key.Close()
	return dialIn(ctx, key, l, network)
}

// key opens the room of a Listener.
func (r *registry) key(l rtevent.Listener) (*os.File, error) {
	r.mu.Lock()
	known := r.known[l.NetNS]
	if known == nil {
		r.mu.Unlock()
		return nil, fmt.Errorf("network namespace %s cannot be entered: %w", l.Namespace, fs.ErrPermission)
	}
	copied, ways := *known, r.ways[known]
	r.mu.Unlock()

	key, err := copied.unlock()
	for i := 0; err != nil && i < len(ways); i++ {
		var failed error
		if key, failed = keyOf(ways[i]); failed == nil {
			return key, nil
		}
		err = errors.Join(err, failed)
	}
	return key, err
}

// nameDevice finds the name of the device that a socket is bound to.
func (r *registry) nameDevice(s *socket) {
	if s.device == 0 {
		return
	}
	s.deviceName = deviceNumber(s.device)
	one := []socket{*s}
	if s.room == r.own {
		nameDevices(one)
		s.deviceName = one[0].deviceName
		return
	}
	r.mu.Lock()
	copied := *s.room
	r.mu.Unlock()
	key, err := copied.unlock()
	if err != nil {
		return
	}
	defer key.Close()
	onThread(func() {
		if enter(key) == nil {
			nameDevices(one)
		}
	})
	s.deviceName = one[0].deviceName
}
