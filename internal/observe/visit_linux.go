// Lists the sockets of network namespaces.

package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"

	"rtevent"
)

// visitor reads the sockets of rooms.
type visitor struct {
	proc *procfs
	diag bool // ask sock_diag; /proc/net otherwise, and where that fails
}

// visit is what one room told.
type visit struct {
	sockets []socket
	view    string
	err     error // nothing could be read
	partial error // something may be missing
}

// own reads our own room.
func (v visitor) own(r *room) visit { return v.read(r, "net/") }

// all reads other rooms, and keeps the keys of those that it entered.
func (v visitor) all(ctx context.Context, rooms []*room) []visit {
	visits := make([]visit, len(rooms))
	sideBySide(ctx, workers(), len(rooms), func(_, i int) { visits[i] = v.foreign(rooms[i]) })
	return visits
}

// foreign reads another room from inside. Where that is not allowed, /proc/PID/net shows most of it to anybody.
func (v visitor) foreign(r *room) (seen visit) {
	err := error(fs.ErrPermission)
	if r.key == nil && len(r.doors) > 0 && !v.proc.recorded {
		r.key, err = r.unlock()
	}
	if r.key != nil {
		onThread(func() {
			if err = enter(r.key); err == nil {
				seen = v.read(r, "thread-self/net/")
			}
		})
		if err != nil || len(seen.sockets) == 0 {
			r.lock() // there may be more rooms than we may have open files
		}
		if err == nil {
			return seen
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return visit{} // it is gone, and so are its listeners
	}
	if r.pid == 0 {
		return visit{err: err}
	}
	return visitor{proc: v.proc}.read(r, strconv.Itoa(r.pid)+"/net/")
}

// read reads the sockets of the room that the thread is in. Directory is where proc has its /proc/net.
func (v visitor) read(r *room, directory string) visit {
	seen := visit{view: viewTables}
	var d *diag
	if v.diag {
		var err error
		if d, err = openDiag(); err != nil {
			seen.partial = err
		} else {
			seen.view = viewDiag
			defer d.close()
		}
	}
	for _, t := range tables {
		sockets, err := v.readTable(d, t, directory, true)
		seen.sockets = append(seen.sockets, sockets...)
		seen.partial = errors.Join(seen.partial, err)
	}
	v.complete(r, seen.sockets)
	r.view = seen.view
	return seen
}

// complete adds what the sockets of a room have in common and what the view did not tell. It must run in the room.
func (v visitor) complete(r *room, sockets []socket) {
	udp, vague := false, false
	for i := range sockets {
		s := &sockets[i]
		s.room = r
		udp = udp || s.transport == rtevent.UDP
		vague = vague || s.cookie == 0
	}
	if udp {
		b, _ := v.proc.read("sys/net/ipv4/ip_local_port_range", 64)
		if ports, ok := parsePortRange(b); ok {
			r.ephemeral = ports
		}
	}
	if vague {
		v6only, _ := v.proc.read("sys/net/ipv6/bindv6only", 8)
		assumeDualStack(sockets, bytes.HasPrefix(v6only, []byte("1")))
	}
	nameDevices(sockets)
}

// maxTable bounds the reading of one table, in bytes: seven million sockets.
const maxTable = 1 << 30

var errChanging = errors.New("the sockets change faster than they can be listed")

// readTable lists one kind of sockets by sock_diag, or from /proc/net where that does not answer. A missing file means
// that the kernel does not know the protocol.
func (v visitor) readTable(d *diag, t table, directory string, whole bool) ([]socket, error) {
	var refused error
	if d != nil {
		sockets, complete, err := d.sockets(t)
		if err == nil && !complete {
			err = fmt.Errorf("%s: %w", t.name, errChanging)
			return sockets, err
		}
		if err == nil {
			return sockets, nil
		}
		refused = err
	}
	f, err := v.proc.open(directory + t.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refused
	}
	if err != nil {
		return nil, errors.Join(refused, err)
	}
	defer f.Close()
	var sockets []socket
	err = t.read(io.LimitReader(f, maxTable), whole, func(s socket) { sockets = append(sockets, s) })
	return sockets, errors.Join(refused, err)
}

// unobserved counts the sockets of our own room that speak other transports.
func (v visitor) unobserved() (gaps []rtevent.Gap) {
	for _, other := range [...]struct{ file, name string }{
		{"net/udplite", "UDP-Lite socket"},
		{"net/udplite6", "IPv6 UDP-Lite socket"},
		{"net/sctp/eps", "SCTP endpoint"},
	} {
		b, err := v.proc.read(other.file, maxTable)
		if err != nil {
			continue // the kernel does not know the protocol
		}
		if count := bytes.Count(b, []byte("\n")) - 1; count > 0 { // the first line names the columns
			gaps = append(gaps, rtevent.Gap{What: counted(count, other.name), Why: "only TCP and UDP are observed"})
		}
	}
	return gaps
}

// nameDevices looks up the devices that sockets are bound to; it must run in their room.
func nameDevices(sockets []socket) {
	names := map[uint32]string{}
	for i := range sockets {
		s := &sockets[i]
		if s.device == 0 {
			continue
		}
		if _, known := names[s.device]; !known {
			names[s.device] = deviceNumber(s.device) // it may be gone
			if device, err := net.InterfaceByIndex(int(s.device)); err == nil {
				names[s.device] = device.Name
			}
		}
		s.deviceName = names[s.device]
	}
}

// deviceNumber stands for a device without a name.
func deviceNumber(index uint32) string {
	if index == 0 {
		return ""
	}
	return "#" + strconv.FormatUint(uint64(index), 10)
}
