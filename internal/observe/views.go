// Decides when two views of the kernel disagree for good.

package observe

// suspects are sockets that one view shows and another, which ought to, does not. Sockets come and go between two
// looks, so a suspect is believed only after further looks at both views confirm it: each look at one view then lies
// between two looks at the other, and the socket was there all the time.
type suspects struct {
	absent map[sight]bool   // listed by sock_diag, not shown by /proc/net
	extra  map[sight]socket // the other way round
	late   []socket         // listed by sock_diag after all
}

func differ(listed, shown []socket) suspects {
	s := suspects{absent: map[sight]bool{}, extra: map[sight]socket{}}
	listedSet, shownSet := sights(listed), sights(shown)
	for sight := range listedSet {
		if _, ok := shownSet[sight]; !ok {
			s.absent[sight] = true
		}
	}
	for sight, socket := range shownSet {
		if _, ok := listedSet[sight]; !ok {
			s.extra[sight] = socket
		}
	}
	return s
}

func (s *suspects) none() bool { return len(s.absent) == 0 && len(s.extra) == 0 }

// confirm drops every suspect that another look at both views explains.
func (s *suspects) confirm(listed, shown []socket) {
	listedSet, shownSet := sights(listed), sights(shown)
	for sight := range s.absent {
		_, isListed := listedSet[sight]
		if _, isShown := shownSet[sight]; isShown || !isListed {
			delete(s.absent, sight)
		}
	}
	for sight := range s.extra {
		socket, isListed := listedSet[sight]
		if isListed {
			s.late = append(s.late, socket)
		}
		if _, isShown := shownSet[sight]; isListed || !isShown {
			delete(s.extra, sight)
		}
	}
}

func sights(sockets []socket) map[sight]socket {
	set := make(map[sight]socket, len(sockets))
	for _, s := range sockets {
		set[s.sight()] = s
	}
	return set
}
