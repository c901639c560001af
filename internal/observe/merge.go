// Makes Listeners of sockets: the one place that knows when two sockets are the same endpoint.

package observe

import (
	"cmp"
	"slices"
	"time"

	"rtevent"
)

// endpoint is what makes a Listener: sockets that share one are one Listener.
type endpoint struct {
	room *room
	sight
	device uint32
}

func (s *socket) endpoint() endpoint {
	return endpoint{s.room, sight{s.transport, s.address.Unmap(), s.port, 0}, s.device}
}

// merge makes Listeners of sockets. The sockets of a reuseport group and the holders of an inherited socket come
// together; nothing about the order of the sockets matters. booted turns the start of a process into a time.
func merge(sockets []socket, booted time.Time) []rtevent.Listener {
	index := make(map[endpoint]int, len(sockets))
	listeners := make([]rtevent.Listener, 0, len(sockets))
	for i := range sockets {
		s := &sockets[i]
		at, known := index[s.endpoint()]
		if !known {
			at = len(listeners)
			index[s.endpoint()] = at
			listeners = append(listeners, s.listener())
		}
		s.addTo(&listeners[at], booted)
	}
	for i := range listeners {
		tidy(&listeners[i])
	}
	slices.SortFunc(listeners, compare)
	return listeners
}

func (s *socket) listener() rtevent.Listener {
	address := s.address.Unmap()
	return rtevent.Listener{
		Transport:    s.transport,
		Address:      address,
		Port:         s.port,
		Scope:        rtevent.ScopeOf(address),
		Device:       s.deviceName,
		NetNS:        s.room.inode,
		Namespace:    s.room.name,
		LikelyClient: true, // until one socket of the group is none
	}
}

func (s *socket) addTo(l *rtevent.Listener, booted time.Time) {
	l.DualStack = l.DualStack || s.dualStack
	l.LikelyClient = l.LikelyClient && s.likelyClient()
	l.HiddenFrom = append(l.HiddenFrom, s.hiddenFrom...)
	if len(s.holders) == 0 {
		l.Holders = append(l.Holders, rtevent.Owner{Unseen: s.unseen, UID: new(s.uid), Unit: s.unit})
	}
	for _, h := range s.holders {
		owner := h.owner()
		if h.started != 0 && !booted.IsZero() {
			owner.Started = booted.Add(time.Duration(h.started)).UTC()
		}
		l.Holders = append(l.Holders, owner)
	}
}

func (h holder) owner() rtevent.Owner {
	if h.process == nil {
		return rtevent.Owner{PID: h.pid, Name: h.name}
	}
	o := h.process.owner()
	o.Unit = h.unit
	return o
}

// tidy sorts the holders by PID, the unseen last, and names each once.
func tidy(l *rtevent.Listener) {
	slices.SortFunc(l.Holders, func(a, b rtevent.Owner) int {
		return cmp.Or(
			cmp.Compare(boolToInt(a.PID == 0), boolToInt(b.PID == 0)),
			cmp.Compare(a.PID, b.PID),
			cmp.Compare(a.Unseen, b.Unseen),
			cmp.Compare(uid(a), uid(b)),
			cmp.Compare(a.Unit, b.Unit))
	})
	l.Holders = slices.CompactFunc(l.Holders, func(a, b rtevent.Owner) bool {
		return a.PID == b.PID && a.Unseen == b.Unseen && uid(a) == uid(b) && a.Unit == b.Unit
	})
	slices.Sort(l.HiddenFrom)
	l.HiddenFrom = slices.Compact(l.HiddenFrom)
}

func compare(a, b rtevent.Listener) int {
	return cmp.Or(
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Transport, b.Transport),
		a.Address.Compare(b.Address),
		cmp.Compare(a.NetNS, b.NetNS),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Device, b.Device))
}

func uid(o rtevent.Owner) int64 {
	if o.UID == nil {
		return -1
	}
	return int64(*o.UID)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
