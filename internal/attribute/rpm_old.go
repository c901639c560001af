package attribute

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxHeader bounds one header of an rpm database; the longest, of packages with 100,000 files, have some 20 MiB.
const maxHeader = 64 << 20

// rpmNDB yields the headers in rpm's own format, all numbers little-endian: pages of slots, each naming a run of
// 16-byte blocks; a run begins with a magic, the package, a generation and a length, then the header.
func rpmNDB(r io.ReaderAt, size int64) iter.Seq2[[]byte, error] {
	const page, slot = 4096, 16
	return func(yield func([]byte, error) bool) {
		head, err := section(r, 0, 32, size)
		if err != nil || string(head[:4]) != "RpmP" {
			yield(nil, errors.Join(errors.New("not an ndb database"), err))
			return
		}
		pages := int64(binary.LittleEndian.Uint32(head[12:]))
		slots, err := section(r, 0, pages*page, size)
		if err != nil {
			yield(nil, fmt.Errorf("ndb slots: %w", err))
			return
		}
		for s := slots[min(2*slot, len(slots)):]; len(s) >= slot; s = s[slot:] { // the first two hold the head
			block := int64(binary.LittleEndian.Uint32(s[8:]))
			if block == 0 {
				continue
			}
			blob, err := ndbBlob(r, block*slot, size)
			if !yield(blob, err) {
				return
			}
		}
	}
}

func ndbBlob(r io.ReaderAt, at, size int64) ([]byte, error) {
	head, err := section(r, at, 16, size)
	if err != nil {
		return nil, fmt.Errorf("ndb package: %w", err)
	}
	if string(head[:4]) != "BlbS" {
		return nil, errors.New("ndb package without its mark")
	}
	return section(r, at+16, int64(binary.LittleEndian.Uint32(head[12:])), size)
}

// section reads n bytes that must lie within a file and be no more than a header may have.
func section(r io.ReaderAt, at, n, size int64) ([]byte, error) {
	if n < 0 || n > maxHeader || at < 0 || at+n > size {
		return nil, fmt.Errorf("%d bytes at %d of %d: %w", n, at, size, io.ErrUnexpectedEOF)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, at); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

// bdb is a Berkeley DB hash file, of the machine's own byte order or the other.
type bdb struct {
	r     io.ReaderAt
	size  int64
	page  int64
	order binary.ByteOrder
}

// What is used of a page of Berkeley DB: its kind and the offsets in it.
const (
	bdbPageHead   = 26
	bdbHash       = 13
	bdbHashOld    = 2
	bdbOverflow   = 7
	bdbOffPage    = 3 // an item that lies on pages of its own
	bdbOffPageLen = 12
)

// rpmBDB yields the headers in a Berkeley DB hash file. Which bucket a package is in does not matter, since all are
// wanted: the pages are read in turn, and every value that lies on pages of its own is a header.
func rpmBDB(r io.ReaderAt, size int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		db, err := openBDB(r, size)
		if err != nil {
			yield(nil, err)
			return
		}
		for at := db.page; at+db.page <= size; at += db.page {
			page, err := section(r, at, db.page, size)
			if err != nil {
				yield(nil, err)
				return
			}
			if kind := page[25]; kind != bdbHash && kind != bdbHashOld {
				continue
			}
			for _, item := range db.values(page) {
				blob, err := db.overflow(db.order.Uint32(item[4:]), int64(db.order.Uint32(item[8:])))
				if !yield(blob, err) {
					return
				}
			}
		}
	}
}

func openBDB(r io.ReaderAt, size int64) (bdb, error) {
	meta, err := section(r, 0, 72, size)
	if err != nil {
		return bdb{}, fmt.Errorf("berkeley db: %w", err)
	}
	const hashMagic = 0x061561
	db := bdb{r: r, size: size, order: binary.LittleEndian}
	if db.order.Uint32(meta[12:]) != hashMagic {
		db.order = binary.BigEndian
	}
	if db.order.Uint32(meta[12:]) != hashMagic {
		return bdb{}, errors.New("not a hash file of berkeley db")
	}
	db.page = int64(db.order.Uint32(meta[20:]))
	if db.page < 512 || db.page > 65536 {
		return bdb{}, fmt.Errorf("berkeley db with pages of %d bytes", db.page)
	}
	return db, nil
}

// values lists the values on a hash page that lie on pages of their own. Items are keys and values in turn.
func (db bdb) values(page []byte) [][]byte {
	var list [][]byte
	count := int(db.order.Uint16(page[20:]))
	for i := 1; i < count && bdbPageHead+2*i+2 <= len(page); i += 2 {
		at := int(db.order.Uint16(page[bdbPageHead+2*i:]))
		if at+bdbOffPageLen <= len(page) && page[at] == bdbOffPage {
			list = append(list, page[at:at+bdbOffPageLen])
		}
	}
	return list
}

// overflow collects a value from the chain of its pages.
func (db bdb) overflow(page uint32, length int64) ([]byte, error) {
	if length > maxHeader || length > db.size {
		return nil, fmt.Errorf("berkeley db value of %d bytes", length)
	}
	value := make([]byte, 0, length)
	for int64(len(value)) < length {
		b, err := section(db.r, int64(page)*db.page, db.page, db.size)
		if err != nil {
			return nil, err
		}
		used := int(db.order.Uint16(b[22:]))
		if b[25] != bdbOverflow || used == 0 || bdbPageHead+used > len(b) {
			return nil, errors.New("berkeley db value on a page of another kind")
		}
		value = append(value, b[bdbPageHead:bdbPageHead+used]...)
		page = db.order.Uint32(b[16:])
	}
	return value[:length], nil
}
