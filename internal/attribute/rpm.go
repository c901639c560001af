package attribute

import (
	"bytes"
	"context"
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strconv"

	"rtevent"
)

// findRpm reads the database of rpm in any of its three formats: SQLite (Fedora 33, RHEL 9 and later), which has an
// index by file name; ndb (SUSE) and Berkeley DB (RHEL 8 and before), whose headers are all looked through once.
func findRpm(ctx context.Context, files fs.FS, database string, paths []string) (map[string]owned, error) {
	r, info, c, err := readerAt(files, database)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	w := wantRpm(files, paths)
	// A database read in honest ways is read about once; one made to be read for ever is not.
	once := &budget{r, 8*info.Size() + maxText}
	headers, err := rpmHeaders(files, database, once, info.Size(), w.names)
	if err != nil {
		return nil, err
	}
	found := map[string]owned{}
	for h, err := range headers {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return found, err
		}
		w.match(h, found)
	}
	return found, nil
}

// rpmWanted is what to look for: the paths that the headers may have, each with the file it means, and the last parts
// of them, by which everything else is passed over quickly.
type rpmWanted struct {
	paths map[string]string
	names map[string]bool
}

func wantRpm(files fs.FS, paths []string) rpmWanted {
	w := rpmWanted{map[string]string{}, map[string]bool{}}
	links := mergedDirs(files)
	for _, p := range paths {
		for _, name := range aliases(links, p) {
			w.paths[name] = p
			w.names[path.Base(name)] = true
		}
	}
	return w
}

// rpmHeaders yields the headers of the installed packages; from SQLite only of those that have a file of these names.
func rpmHeaders(files fs.FS, database string, r io.ReaderAt, size int64, names map[string]bool) (iter.Seq2[[]byte, error], error) {
	switch path.Base(database) {
	case "rpmdb.sqlite":
		db, err := openSQLite(files, database, r, size)
		if err != nil {
			return nil, err
		}
		return rpmSQLite(db, names), nil
	case "Packages.db":
		return rpmNDB(r, size), nil
	default:
		return rpmBDB(r, size), nil
	}
}

// rpmSQLite looks the names up in the index of base names and yields each package once.
func rpmSQLite(db *sqlite, names map[string]bool) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		seen := map[int64]bool{}
		for name := range names {
			rows, err := db.lookup("Basenames", "Basenames_key_idx", name)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range rows {
				number, ok := row.integer(1)
				if !ok || seen[number] {
					continue
				}
				seen[number] = true
				pkg, err := db.row("Packages", number)
				if err == nil && len(pkg) < 2 {
					err = errors.New("a package without a header")
				}
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(pkg[1].bytes, nil) {
					return
				}
			}
		}
	}
}

// The tags of a header that are used.
const (
	rpmName        = 1000
	rpmVersion     = 1001
	rpmRelease     = 1002
	rpmEpoch       = 1003
	rpmFileStates  = 1029
	rpmFileDigests = 1035
	rpmFileFlags   = 1037
	rpmDirIndexes  = 1116
	rpmBaseNames   = 1117
	rpmDirNames    = 1118
	rpmDigestAlgo  = 5011

	rpmGhost = 1 << 6 // a file that the package owns but does not deliver
)

// match puts the wanted files that a package has in place into found.
func (w rpmWanted) match(blob []byte, found map[string]owned) {
	h, err := parseRpmHeader(blob)
	if err != nil {
		return // one damaged header hides no other package
	}
	var dirs []string
	var where []uint32
	states := h.raw(rpmFileStates)
	i := -1
	for name := range h.texts(rpmBaseNames) {
		i++
		if !w.names[string(name)] {
			continue
		}
		if dirs == nil {
			dirs, where = h.strings(rpmDirNames), h.ints(rpmDirIndexes)
		}
		if i >= len(where) || int64(where[i]) >= int64(len(dirs)) {
			return
		}
		asked, ok := w.paths[path.Join(dirs[where[i]], string(name))]
		if !ok || i < len(states) && states[i] != 0 { // replaced, not installed, or of the other architecture
			continue
		}
		found[asked] = owned{pkg: h.pkg(), digest: h.digest(i)}
	}
}

// rpmHeader is a header as the database stores it: an index of tags, then their data.
type rpmHeader struct {
	index, data []byte
}

const rpmIndexEntry = 16 // tag, type, offset, count: 32 bits each, big-endian

func parseRpmHeader(b []byte) (rpmHeader, error) {
	if len(b) < 8 {
		return rpmHeader{}, io.ErrUnexpectedEOF
	}
	entries, length := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	index := 8 + entries*rpmIndexEntry
	if index+length > int64(len(b)) {
		return rpmHeader{}, fmt.Errorf("rpm header of %d bytes cut to %d: %w", index+length, len(b), io.ErrUnexpectedEOF)
	}
	return rpmHeader{index: b[8:index], data: b[index : index+length]}, nil
}

// find returns the data of a tag, up to the end of all data, and how many values it has.
func (h rpmHeader) find(tag uint32) (data []byte, count int) {
	for e := h.index; len(e) >= rpmIndexEntry; e = e[rpmIndexEntry:] {
		if binary.BigEndian.Uint32(e) != tag {
			continue
		}
		offset, n := binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])
		if uint64(offset) > uint64(len(h.data)) {
			return nil, 0
		}
		data = h.data[offset:]
		return data, min(int(n), len(data)) // a value takes a byte at least
	}
	return nil, 0
}

// texts yields the values of a tag that are texts.
func (h rpmHeader) texts(tag uint32) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		data, count := h.find(tag)
		for range count {
			end := bytes.IndexByte(data, 0)
			if end < 0 || !yield(data[:end]) {
				return
			}
			data = data[end+1:]
		}
	}
}

func (h rpmHeader) strings(tag uint32) []string {
	var list []string
	for s := range h.texts(tag) {
		list = append(list, string(s))
	}
	return list
}

func (h rpmHeader) ints(tag uint32) []uint32 {
	data, count := h.find(tag)
	list := make([]uint32, 0, min(count, len(data)/4))
	for range cap(list) {
		list = append(list, binary.BigEndian.Uint32(data))
		data = data[4:]
	}
	return list
}

func (h rpmHeader) raw(tag uint32) []byte {
	data, count := h.find(tag)
	return data[:count]
}

func (h rpmHeader) first(tag uint32) string {
	if s := h.strings(tag); len(s) > 0 {
		return s[0]
	}
	return ""
}

func (h rpmHeader) pkg() rtevent.Package {
	version := h.first(rpmVersion) + "-" + h.first(rpmRelease)
	if epoch := h.ints(rpmEpoch); len(epoch) > 0 && epoch[0] != 0 {
		version = strconv.FormatUint(uint64(epoch[0]), 10) + ":" + version
	}
	return rtevent.Package{Manager: "rpm", Name: h.first(rpmName), Version: version}
}

// rpmAlgorithms maps the numbers of OpenPGP to the algorithms; a header that names none means MD5.
var rpmAlgorithms = map[uint32]crypto.Hash{1: crypto.MD5, 2: crypto.SHA1, 8: crypto.SHA256, 9: crypto.SHA384, 10: crypto.SHA512}

func (h rpmHeader) digest(file int) digest {
	flags, sums := h.ints(rpmFileFlags), h.strings(rpmFileDigests)
	if file >= len(sums) || file < len(flags) && flags[file]&rpmGhost != 0 {
		return digest{}
	}
	algorithm := crypto.MD5
	if a := h.ints(rpmDigestAlgo); len(a) > 0 {
		algorithm = rpmAlgorithms[a[0]]
	}
	raw, err := hex.DecodeString(sums[file])
	if err != nil || algorithm == 0 || len(raw) != algorithm.Size() {
		return digest{}
	}
	return digest{algorithm, string(raw)}
}
