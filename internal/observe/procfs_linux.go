// Opens, reads and lists files of /proc below one open directory, so that no path is looked up twice.

package observe

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"
)

// procfs is an open proc directory. Paths are below it: "812/fd".
type procfs struct {
	fd       int // -1 when there is none
	path     string
	recorded bool // files that somebody copied, not the kernel's own
}

// openProc opens the proc directory below root. A host without one is not an error: every reading then fails. The
// host's own counts only if the kernel fills it; elsewhere, files that somebody copied are a recording.
func openProc(root string) (*procfs, error) {
	own := root == "" || root == "/"
	if own {
		root = "/"
	}
	p := &procfs{fd: -1, path: filepath.Join(root, "proc")}
	fd, err := unix.Open(p.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return p, nil
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: p.path, Err: err}
	}
	var system unix.Statfs_t
	foreign := unix.Fstatfs(fd, &system) == nil && system.Type != unix.PROC_SUPER_MAGIC
	if foreign && own {
		unix.Close(fd)
		return p, nil
	}
	p.fd, p.recorded = fd, foreign
	return p, nil
}

func (p *procfs) close() {
	if p.fd >= 0 {
		unix.Close(p.fd)
	}
}

// open opens one file for reading.
func (p *procfs) open(path string) (*os.File, error) {
	fd, err := ignoreInterrupts(func() (int, error) {
		return unix.Openat(p.fd, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: filepath.Join(p.path, path), Err: err}
	}
	return os.NewFile(uintptr(fd), filepath.Join(p.path, path)), nil
}

// read returns the content of a file, up to a limit in bytes.
func (p *procfs) read(path string, limit int64) ([]byte, error) {
	f, err := p.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// linked returns the number in a link such as "net:[4026531833]".
func (p *procfs) linked(path, kind string) (uint64, error) {
	var target [64]byte
	n, err := unix.Readlinkat(p.fd, path, target[:])
	if err != nil {
		return 0, &os.PathError{Op: "readlink", Path: filepath.Join(p.path, path), Err: err}
	}
	inode, ok := bracketed(target[:n], kind)
	if !ok {
		return 0, &os.PathError{Op: "readlink", Path: filepath.Join(p.path, path), Err: errTruncated}
	}
	return inode, nil
}

// list hands every entry of a directory to each, until that returns false.
func (p *procfs) list(path string, buffer []byte, each func(inode uint64, kind byte, name []byte) bool) error {
	fd, err := ignoreInterrupts(func() (int, error) {
		return unix.Openat(p.fd, path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return listOpen(fd, buffer, each)
}

func listOpen(fd int, buffer []byte, each func(inode uint64, kind byte, name []byte) bool) error {
	more := true
	for more {
		n, err := unix.ReadDirent(fd, buffer)
		if err != nil || n <= 0 {
			return err
		}
		dirents(buffer[:n], func(inode uint64, kind byte, name []byte) bool {
			more = each(inode, kind, name)
			return more
		})
	}
	return nil
}

// pids lists the processes in order.
func (p *procfs) pids() ([]int, error) {
	if p.fd < 0 {
		return nil, nil
	}
	var pids []int
	err := p.list(".", make([]byte, 32<<10), func(_ uint64, _ byte, name []byte) bool {
		if pid, ok := number(name); ok {
			pids = append(pids, pid)
		}
		return true
	})
	if err != nil {
		return nil, &os.PathError{Op: "list", Path: p.path, Err: err}
	}
	slices.Sort(pids)
	return pids, nil
}

// comm is the short name of a process, "" when it is gone. A process may give itself any bytes for a name.
func (p *procfs) comm(pid int) string {
	b, err := p.read(strconv.Itoa(pid)+"/comm", 64)
	if err != nil {
		return ""
	}
	return printable(strings.TrimSuffix(string(b), "\n"))
}

func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}

// load estimates how much there is to walk. Looking at some processes finds tables that forked processes share; the
// count of open files finds the one process that has most of them. The size of a fd directory is the number of its
// entries since Linux 6.2.
func (p *procfs) load(pids []int) load {
	const samples = 64
	l := load{processes: len(pids), workers: workers()}
	b, err := p.read("sys/fs/file-nr", 128)
	if err == nil {
		l.descriptors = firstNumber(b)
	}
	step := max(1, len(pids)/samples)
	sum, seen := 0, 0
	for i := 0; i < len(pids); i += step {
		var st unix.Stat_t
		if unix.Fstatat(p.fd, strconv.Itoa(pids[i])+"/fd", &st, 0) == nil {
			sum += int(st.Size)
			seen++
		}
	}
	if seen > 0 {
		l.descriptors = max(l.descriptors, sum*len(pids)/seen)
	}
	return l
}

func firstNumber(b []byte) int {
	end := 0
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	n, _ := number(b[:end])
	return n
}

func ignoreInterrupts(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// has tells whether a file is there.
func (p *procfs) has(path string) bool {
	return unix.Faccessat(p.fd, path, unix.F_OK, 0) == nil
}
