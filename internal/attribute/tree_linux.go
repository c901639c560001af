package attribute

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// tree is the fs.FS of one root directory: the host's, or a container's. Every symbolic link is resolved within it, so
// that a container cannot point outside itself. It opens regular files and directories only: a device, which may act
// when it is opened, or a pipe, which may keep the opener waiting, is never touched.
type tree struct{ fd int }

// openTree opens a root directory. On kernels before 5.6 links are resolved by os.Root, which refuses absolute ones.
func openTree(dir string) (fs.FS, func() error, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	t := tree{fd}
	probe, err := t.find(".", 0)
	if err == nil {
		unix.Close(probe)
		return t, func() error { return unix.Close(fd) }, nil
	}
	unix.Close(fd)
	if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return nil, nil, err
	}
	return openCareful(dir)
}

// find opens a file of any kind without touching what is behind it.
func (t tree) find(name string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | flags, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	for {
		fd, err := unix.Openat2(t.fd, name, &how)
		switch err {
		case nil:
			return fd, nil
		case unix.EINTR, unix.EAGAIN: // EAGAIN: something was renamed while the path was walked
			continue
		default:
			return -1, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
}

// Open opens a regular file or a directory.
func (t tree) Open(name string) (fs.File, error) {
	fd, err := t.find(name, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFDIR {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("neither a regular file nor a directory")}
	}
	file, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(file), name), nil
}

// Stat follows symbolic links within the tree.
func (t tree) Stat(name string) (fs.FileInfo, error) { return t.stat(name, 0) }

// Lstat does not follow the last one.
func (t tree) Lstat(name string) (fs.FileInfo, error) { return t.stat(name, unix.O_NOFOLLOW) }

func (t tree) stat(name string, flags uint64) (fs.FileInfo, error) {
	fd, err := t.find(name, flags)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return f.Stat()
}

// ReadLink returns where a symbolic link points to.
func (t tree) ReadLink(name string) (string, error) {
	fd, err := t.find(name, unix.O_NOFOLLOW)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	target, err := readLink(fd, "")
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return target, nil
}

// readLink reads the link name in the directory dir, or dir itself when name is empty.
func readLink(dir int, name string) (string, error) {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, b)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

type statLinkFS interface {
	fs.StatFS
	fs.ReadLinkFS
}

// careful looks at a file before it opens it, where the kernel cannot do both in one step.
type careful struct{ statLinkFS }

func openCareful(dir string) (fs.FS, func() error, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	return careful{root.FS().(statLinkFS)}, root.Close, nil
}

// Open opens a regular file or a directory.
func (c careful) Open(name string) (fs.File, error) {
	info, err := c.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("open %s: neither a regular file nor a directory", name)
	}
	return c.statLinkFS.Open(name)
}

// identify tells the state of a file from what stat says.
func identify(st *unix.Stat_t) fileID {
	return fileID{
		dev: uint64(st.Dev), ino: st.Ino, size: st.Size,
		modified: time.Unix(st.Mtim.Unix()).UTC(), changed: time.Unix(st.Ctim.Unix()).UTC(),
	}
}
