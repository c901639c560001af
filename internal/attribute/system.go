package attribute

import (
	"bytes"
	"io/fs"
	"strconv"
	"sync"

	"rtevent"
)

// system is one file tree with its own users and its own installed packages: the host's, or a container's. It is open
// for one pass and safe for use by several goroutines.
type system struct {
	id    fileID // of the root directory: device and inode only
	files fs.FS
	close func() error

	users struct {
		once  sync.Once
		names map[uint32]string
	}
	projects  memo[projectKey, project]
	plantable memo[string, string]
}

// memo remembers answers for one pass, in which many processes raise the same questions. Its zero value is empty.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	known map[K]V
}

// get returns the answer to key, found out by find unless it is known. Two who ask at once may both find it out.
func (m *memo[K, V]) get(key K, find func() V) V {
	m.mu.Lock()
	answer, ok := m.known[key]
	m.mu.Unlock()
	if ok {
		return answer
	}
	answer = find()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[K]V{}
	}
	m.known[key] = answer
	return answer
}

// userName is the name of a user in this system; empty when its user database does not say. Directories of users
// elsewhere (LDAP, sssd) are not asked: that takes talking to others.
func (s *system) userName(uid uint32) string {
	s.users.once.Do(func() {
		if b, err := readFile(s.files, "/etc/passwd", 16*maxText); err == nil {
			s.users.names = parsePasswd(b)
		}
	})
	if name, ok := s.users.names[uid]; ok {
		return name
	}
	return ""
}

// parsePasswd maps the users of an /etc/passwd to their names. Of several names for one user the first counts, as for
// the C library.
func parsePasswd(b []byte) map[uint32]string {
	names := map[uint32]string{}
	for line := range bytes.Lines(b) {
		f := bytes.SplitN(line, []byte(":"), 4)
		if len(f) < 4 || len(f[0]) == 0 || f[0][0] == '#' {
			continue
		}
		uid, err := strconv.ParseUint(string(f[2]), 10, 32)
		if err != nil {
			continue
		}
		if _, known := names[uint32(uid)]; !known {
			names[uint32(uid)] = string(f[0])
		}
	}
	return names
}

// nameUser gives a user who is only known by number the name that the system has for it.
func nameUser(s *system, o *rtevent.Owner) {
	if o.User == "" && o.UID != nil {
		o.User = s.userName(*o.UID)
	}
}
