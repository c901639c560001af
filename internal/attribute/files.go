package attribute

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// maxText bounds what is read of a file that people write: a manifest, a unit, a configuration.
const maxText = 1 << 20

// rel turns an absolute path of a system into the name of that file in the system's fs.FS.
func rel(abs string) string {
	if name := strings.TrimPrefix(path.Clean("/"+abs), "/"); name != "" {
		return name
	}
	return "."
}

// readFile reads a whole file that must not be longer than limit bytes.
func readFile(fsys fs.FS, abs string, limit int64) ([]byte, error) {
	f, err := fsys.Open(rel(abs))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a regular file", abs)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("read %s: longer than %d bytes", abs, limit)
	}
	b := make([]byte, info.Size()+1) // one more, so that the end is seen by the first read
	n, err := io.ReadFull(f, b)
	switch err {
	case nil: // it grew meanwhile
		return nil, fmt.Errorf("read %s: it changes while it is read", abs)
	case io.EOF, io.ErrUnexpectedEOF:
		return b[:n], nil
	default:
		return nil, fmt.Errorf("read %s: %w", abs, err)
	}
}

// readerAt opens a regular file for reading in any order.
func readerAt(fsys fs.FS, abs string) (io.ReaderAt, fs.FileInfo, io.Closer, error) {
	f, err := fsys.Open(rel(abs))
	if err != nil {
		return nil, nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: not a regular file", abs)
	}
	r, ok := f.(io.ReaderAt)
	if err == nil && !ok {
		err = fmt.Errorf("open %s: cannot be read in any order", abs)
	}
	if err != nil {
		f.Close()
		return nil, nil, nil, err
	}
	return r, info, f, nil
}

// budget is a reader that fails when more than its number of bytes have been read in all.
type budget struct {
	io.ReaderAt
	left int64
}

// ReadAt reads as io.ReaderAt says.
func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("read too much of it")
	}
	return b.ReaderAt.ReadAt(p, off)
}

// readNames lists a directory without order, which for thousands of files is not worth its cost.
func readNames(files fs.FS, dir string) ([]string, error) {
	f, err := files.Open(rel(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if d, ok := f.(interface{ Readdirnames(int) ([]string, error) }); ok {
		return d.Readdirnames(-1)
	}
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, fmt.Errorf("list %s: %w", dir, errors.ErrUnsupported)
	}
	entries, err := d.ReadDir(-1)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// isFile tells whether a regular file is there.
func isFile(fsys fs.FS, abs string) bool {
	info, err := fs.Stat(fsys, rel(abs))
	return err == nil && info.Mode().IsRegular()
}

// isDir tells whether a directory is there.
func isDir(fsys fs.FS, abs string) bool {
	info, err := fs.Stat(fsys, rel(abs))
	return err == nil && info.IsDir()
}

// maxLinks is how many symbolic links a path may lead through, as in the kernel.
const maxLinks = 40

// realPath resolves the symbolic links of a path within its system. What does not exist is left as it is.
func realPath(fsys fs.FS, abs string) string {
	done, rest := "/", strings.TrimPrefix(path.Clean("/"+abs), "/")
	for links := 0; rest != ""; {
		part, tail, _ := strings.Cut(rest, "/")
		next := path.Join(done, part)
		target, err := fs.ReadLink(fsys, rel(next))
		if err != nil {
			done, rest = next, tail
			continue
		}
		if links++; links > maxLinks {
			return abs
		}
		if !path.IsAbs(target) {
			target = path.Join(done, target)
		}
		done, rest = "/", strings.TrimPrefix(path.Join(target, tail), "/")
	}
	return done
}

// absolute is the path that a process means, from its working directory. It is empty when that cannot be told.
func absolute(cwd, name string) string {
	switch {
	case name == "":
		return ""
	case path.IsAbs(name):
		return path.Clean(name)
	case cwd == "":
		return ""
	default:
		return path.Join(cwd, name)
	}
}
