package attribute

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// host reads the processes of this machine for one pass over them. It is safe for use by several goroutines.
type host struct {
	proc int // the open directory root/proc
	boot time.Time
	own  *system
	mnt  map[string]bool // the mount namespaces that show the host's own tree

	modules memo[fileID, *module]
	parents memo[int, parent]

	mu      sync.Mutex
	systems map[fileID]*system
}

// parent is what is needed of an ancestor, or why it could not be read.
type parent struct {
	stat procStat
	err  error
}

// openHost opens the machine whose root directory is given.
func openHost(root string) (*host, error) {
	proc, err := unix.Open(filepath.Join(root, "proc"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(root, "proc"), err)
	}
	stat, err := readAt(proc, "stat", maxText)
	if err != nil {
		unix.Close(proc)
		return nil, fmt.Errorf("read /proc/stat, is /proc mounted: %w", err)
	}
	own, err := openSystem(root)
	if err != nil {
		unix.Close(proc)
		return nil, err
	}
	h := &host{proc: proc, boot: parseBoot(stat), own: own, mnt: map[string]bool{}}
	h.systems = map[fileID]*system{own.id: own}
	for _, p := range []string{"self", "1"} {
		if ns, err := readLink(proc, p+"/ns/mnt"); err == nil && (p == "1" || root == "/") {
			h.mnt[ns] = true
		}
	}
	return h, nil
}

// close closes what the pass has opened. Nothing of a container's tree stays open after it, for that would keep the
// container from being removed.
func (h *host) close() {
	for _, s := range h.systems {
		s.close()
	}
	unix.Close(h.proc)
}

// openSystem opens the tree below a root directory.
func openSystem(dir string) (*system, error) {
	id, err := rootID(unix.AT_FDCWD, dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	files, closeFiles, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	return &system{id: id, files: files, close: closeFiles}, nil
}

// rootID tells one root directory from another; what happens in a directory does not change which one it is.
func rootID(dir int, name string) (fileID, error) {
	var st unix.Stat_t
	err := unix.Fstatat(dir, name, &st, 0)
	return fileID{dev: uint64(st.Dev), ino: st.Ino}, err
}

// door is the open directory of one process in /proc. It goes dead with the process: another one that gets its number
// is never mistaken for it.
type door struct {
	pid, dir int
	stat     procStat
}

// enter opens the door to a process. The error is the reason for not seeing it at all.
func (h *host) enter(pid int) (door, error) {
	dir, err := unix.Openat(h.proc, strconv.Itoa(pid), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return door{}, unseen(pid, err)
	}
	b, err := readAt(dir, "stat", maxText)
	if err != nil {
		unix.Close(dir)
		return door{}, unseen(pid, err)
	}
	stat, err := parseStat(b)
	if err == nil && stat.gone() {
		err = errExited
	}
	if err != nil {
		unix.Close(dir)
		return door{}, err
	}
	return door{pid, dir, stat}, nil
}

func (d door) close() { unix.Close(d.dir) }

// process reads one process.
func (h *host) process(pid int) (*process, error) {
	d, err := h.enter(pid)
	if err != nil {
		return nil, err
	}
	defer d.close()
	p := &process{pid: pid, stat: d.stat, started: d.stat.at(h.boot), system: h.own}
	p.readOpen(d.dir)
	h.readGuarded(d.dir, p)
	if p.exe.path != "" && len(p.args) > 0 {
		return p, nil
	}
	if b, err := readAt(d.dir, "stat", maxText); err != nil {
		return nil, unseen(pid, err) // what was read of it is incomplete, and not for lack of a right
	} else if stat, err := parseStat(b); err != nil || stat.gone() {
		return nil, errExited
	}
	return p, nil
}

// workplace opens what is needed to compare the files of a process, which must be the one that started then.
func (h *host) workplace(pid int, started time.Time) (workplace, error) {
	d, err := h.enter(pid)
	if err != nil {
		return workplace{}, err
	}
	if d.stat.at(h.boot).Sub(started).Abs() > startSlack {
		d.close()
		return workplace{}, errExited
	}
	s, err := h.systemOf(d.dir)
	if err != nil {
		d.close()
		return workplace{}, unseen(pid, err)
	}
	return workplace{system: s, close: d.close, openExecutable: func() (io.ReadCloser, fileID, error) {
		var st unix.Stat_t
		f, err := openAt(d.dir, "exe")
		if err != nil {
			return nil, fileID{}, unseen(pid, err)
		}
		if err := unix.Fstat(int(f.Fd()), &st); err != nil {
			f.Close()
			return nil, fileID{}, err
		}
		return f, identify(&st), nil
	}}, nil
}

// readOpen reads what everybody may read of a process.
func (p *process) readOpen(dir int) {
	status, err := readAt(dir, "status", maxText)
	if err == nil {
		p.inside, err = parseUID(status)
	}
	if uid := p.inside; err == nil {
		p.uid = &uid
	}
	p.fail("uid", err)

	cmdline, err := readAt(dir, "cmdline", 16*maxCmdline)
	p.fail("cmdline", err)
	p.args = parseArgs(cmdline)
	p.cut = len(cmdline) == 16*maxCmdline

	cgroup, err := readAt(dir, "cgroup", maxText)
	p.fail("unit", err)
	p.cgroup = string(cgroup)
}

// readGuarded reads what takes the rights of a debugger: the executable, the working directory, the root.
func (h *host) readGuarded(dir int, p *process) {
	if p.stat.thread {
		p.unread = append(p.unread, "exe: a thread of the kernel has none")
		return
	}
	link, err := h.readExecutable(dir, &p.exe)
	if err != nil {
		p.fail("exe", err)
		return // the others would fail alike
	}
	p.cwd, _ = readLink(dir, "cwd")
	p.cwd = strings.TrimSuffix(p.cwd, deletedMark)
	s, err := h.systemOf(dir)
	if p.system = s; err != nil {
		p.fail("package", fmt.Errorf("its root directory: %w", err))
	}
	p.exe.setPath(link, strings.HasSuffix(link, deletedMark) && p.leadsTo(link))
	p.exe.invoked = p.invoked()
	if path.Base(p.exe.path) == erlangMachine {
		p.erlLibs = variable(dir, "ERL_LIBS")
	}
	if s == nil || s == h.own {
		return
	}
	if m, err := readAt(dir, "mountinfo", maxText); err == nil {
		p.container = containerOfMounts(string(m))
	}
	if m, err := readAt(dir, "uid_map", maxText); err == nil {
		p.inside = insideUID(m, p.inside)
	}
}

// systemOf finds the tree that a process lives in. A changed root in the host's own mount namespace (chroot) is not
// another system: the executable was loaded from the host's.
func (h *host) systemOf(dir int) (*system, error) {
	id, err := rootID(dir, "root")
	if errors.Is(err, fs.ErrNotExist) || err == nil && id == h.own.id {
		return h.own, nil
	}
	if err != nil {
		return nil, err
	}
	if ns, err := readLink(dir, "ns/mnt"); err == nil && h.mnt[ns] {
		return h.own, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.systems[id]
	if s == nil {
		if s, err = openSystem(fmt.Sprintf("/proc/self/fd/%d/root", dir)); err != nil {
			return nil, err
		}
		h.systems[id] = s
	}
	return s, nil
}

// leadsTo tells whether a path leads to the executable that runs.
func (p *process) leadsTo(file string) bool {
	if p.system == nil {
		return false
	}
	info, err := fs.Stat(p.system.files, rel(file))
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && uint64(st.Dev) == p.exe.id.dev && st.Ino == p.exe.id.ino
}

// invoked finds the other path of the executable that the process was started under: what it calls itself, if the
// executable's directory has a link of that name to it. A link elsewhere proves nothing, since anybody can make one.
func (p *process) invoked() string {
	if p.exe.path == "" || p.exe.deleted || p.exe.inMemory {
		return ""
	}
	names := []string{p.stat.name}
	if len(p.args) > 0 {
		first, _, _ := strings.Cut(p.args[0], " ") // some write a title over their arguments
		names = []string{path.Base(first), p.stat.name}
	}
	dir, own := path.Split(p.exe.path)
	for _, name := range names {
		if name == own {
			return ""
		}
		if name != "" && !strings.Contains(name, "/") && p.leadsTo(dir+name) {
			return dir + name
		}
	}
	return ""
}

// readExecutable reads the file behind /proc/PID/exe, which may be gone from every directory, and returns what the link
// says.
func (h *host) readExecutable(dir int, e *executable) (string, error) {
	link, err := readLink(dir, "exe")
	if err != nil {
		return "", err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(dir, "exe", &st, 0); err != nil {
		return "", err
	}
	e.id = identify(&st)
	e.modified, e.changed = e.id.modified, e.id.changed
	e.module = h.modules.get(e.id, func() *module {
		f, err := openAt(dir, "exe")
		if err != nil {
			return nil
		}
		defer f.Close()
		return readModule(f, st.Size)
	})
	return link, nil
}

// parent reads what is needed of an ancestor.
func (h *host) parent(pid int) (procStat, error) {
	p := h.parents.get(pid, func() parent {
		b, err := readAt(h.proc, strconv.Itoa(pid)+"/stat", maxText)
		if err != nil {
			return parent{err: unseen(pid, err)}
		}
		stat, err := parseStat(b)
		return parent{stat, err}
	})
	return p.stat, p.err
}

// variable reads one variable of the environment that a process was started with, and keeps nothing of the others:
// they may be secrets.
func variable(dir int, name string) string {
	b, err := readAt(dir, "environ", maxText)
	if err != nil {
		return ""
	}
	for v := range strings.SplitSeq(string(b), "\x00") {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// openAt opens a file below an open directory.
func openAt(dir int, name string) (*os.File, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// readAt reads a file of /proc, of which at most limit bytes are wanted.
func readAt(dir int, name string, limit int) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 2048)
	for len(b) < limit {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := unix.Read(fd, b[len(b):min(cap(b), limit)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return b, nil
		}
		b = b[:len(b)+n]
	}
	return b, nil
}
