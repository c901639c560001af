// This file chooses the table: the one that was fetched last, if it is whole and newer than the embedded one.

package iana

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// limit bounds a table and the CSV that it is made from, in bytes. The CSV of 2026 has 1.2 million.
const limit = 16 << 20

// Embedded is the registry that the program was built with.
func Embedded() *Registry {
	t, err := openTable(embedded)
	if err != nil {
		panic("iana: the embedded table: " + err.Error()) // a test holds that it is whole
	}
	return &Registry{table: t, why: "embedded: none was fetched"}
}

// Open is the registry that was fetched into the user's cache, if it is whole and newer than the embedded one; else the
// embedded one. Origin says which, and why.
func Open() *Registry {
	path, err := CacheFile()
	if err != nil {
		r := Embedded()
		r.why = "embedded: " + err.Error()
		return r
	}
	return OpenFile(path)
}

// OpenFile is Open with the file of the fetched registry.
func OpenFile(path string) *Registry {
	r := Embedded()
	t, err := readTable(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r
	case err != nil:
		r.why = "embedded: the fetched one is refused: " + err.Error()
		return r
	case t.Names <= r.table.Names:
		r.why = fmt.Sprintf("embedded: it is newer than the fetched one of %s", t.Names)
		return r
	}
	return &Registry{table: t, why: "fetched into " + path}
}

// CacheFile is where Update keeps the fetched registry: rtevent/registry.tsv in $XDG_CACHE_HOME, or where the system keeps
// the user's caches.
func CacheFile() (string, error) {
	dir := os.Getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(dir) {
		var err error
		if dir, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("find the cache: %w", err)
		}
	}
	return filepath.Join(dir, "rtevent", "registry.tsv"), nil
}

// readTable reads a table that Update wrote and verifies that it is whole.
func readTable(path string) (table, error) {
	text, err := readFile(path)
	if err != nil {
		return table{}, err
	}
	t, err := openTable(text)
	if err != nil {
		return table{}, fmt.Errorf("read %s: %w", path, err)
	}
	if sum := t.checksum(t.body); sum != t.Sum {
		return table{}, fmt.Errorf("read %s: it is damaged: the checksum is %s, not %q", path, sum, t.Sum)
	}
	return t, nil
}

// readFile reads a regular file of a bounded size.
func readFile(path string) (string, error) {
	info, err := os.Stat(path) // before opening: to open a pipe would wait for its writer
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return "", fmt.Errorf("read %s: it is no file, or larger than %d MiB", path, limit>>20)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text strings.Builder
	text.Grow(int(info.Size()))
	if _, err := io.Copy(&text, io.LimitReader(f, limit)); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return text.String(), nil
}

// AsOf is the date of the data: "names of 2026-09, fields of 2015-07", or "IANA registry of 2026-11-22".
func (r *Registry) AsOf() string {
	if r.table.Fields == "" {
		return "IANA registry of " + r.table.Names
	}
	return "names of " + monthOf(r.table.Names) + ", fields of " + monthOf(r.table.Fields)
}

// monthOf cuts "2026-09-17" to "2026-09".
func monthOf(date string) string {
	parts := strings.SplitN(date, "-", 3)
	return strings.Join(parts[:min(len(parts), 2)], "-")
}

// Origin says which table answers and why that one: "embedded: none was fetched".
func (r *Registry) Origin() string { return r.why }
