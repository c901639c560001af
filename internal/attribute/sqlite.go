package attribute

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// sqlite reads tables of a SQLite file by row number and by index, which is all that rpm's database takes. Nothing is
// locked or written: a reader of a file that changes meanwhile may get an error, and reads it again next time.
//
// The format is described in https://www.sqlite.org/fileformat.html.
type sqlite struct {
	r      io.ReaderAt
	page   int64
	usable int64 // bytes of a page without the reserved end
	last   uint32
	roots  map[string]uint32
	wal    wal
}

// The kinds of pages of a B-tree.
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

// maxPages bounds how many pages one question may read, so that a tree that is a circle ends.
const maxPages = 1 << 16

var errSQLite = errors.New("damaged SQLite file")

// openSQLite reads the head of a database and where its tables and indexes begin. A write-ahead log beside it counts.
func openSQLite(files fs.FS, name string, r io.ReaderAt, size int64) (*sqlite, error) {
	head, err := section(r, 0, 100, size)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if !strings.HasPrefix(string(head), "SQLite format 3\x00") || binary.BigEndian.Uint32(head[56:]) != 1 {
		return nil, errors.New("not a SQLite database in UTF-8")
	}
	db := &sqlite{r: r, page: int64(binary.BigEndian.Uint16(head[16:]))}
	if db.page == 1 {
		db.page = 65536
	}
	db.usable = db.page - int64(head[20])
	if db.page < 512 || db.usable < 480 {
		return nil, fmt.Errorf("%w: pages of %d bytes", errSQLite, db.page)
	}
	db.last = uint32(min(size/db.page, 1<<32-1))
	if db.wal, err = openWAL(files, name+"-wal", db.page); err != nil {
		return nil, err
	}
	db.last = max(db.last, db.wal.last)
	return db, db.readRoots()
}

// readRoots reads the schema, a table of type, name, table, root page and SQL that begins on the first page.
func (db *sqlite) readRoots() error {
	db.roots = map[string]uint32{}
	w := walk{db: db}
	err := w.table(1, nil, func(row record) {
		if root, ok := row.integer(3); ok && len(row) > 3 {
			db.roots[string(row[1].bytes)] = uint32(root)
		}
	})
	if err != nil {
		return fmt.Errorf("sqlite schema: %w", err)
	}
	return nil
}

// row reads one row of a table; its first column, the row number, is stored as null.
func (db *sqlite) row(table string, number int64) (record, error) {
	var found record
	w := walk{db: db}
	if err := w.table(db.roots[table], &number, func(r record) { found = r }); err != nil {
		return nil, fmt.Errorf("row %d of %s: %w", number, table, err)
	}
	if found == nil {
		return nil, fmt.Errorf("row %d of %s: %w", number, table, fs.ErrNotExist)
	}
	return found, nil
}

// lookup reads the rows of a table that an index by text has under a key.
func (db *sqlite) lookup(table, index, key string) ([]record, error) {
	var numbers []int64
	w := walk{db: db}
	err := w.index(db.roots[index], key, func(number int64) { numbers = append(numbers, number) })
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", index, err)
	}
	var rows []record
	for _, n := range numbers {
		row, err := db.row(table, n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// walk is one descent into a tree, with the number of pages it has read.
type walk struct {
	db    *sqlite
	pages int
}

// btreePage is a page of a tree: its kind, its cells, and the child right of them all on an interior page.
type btreePage struct {
	kind  byte
	b     []byte
	cells []byte // offsets, two bytes each
	right uint32
}

func (w *walk) open(number uint32) (btreePage, error) {
	if w.pages++; w.pages > maxPages {
		return btreePage{}, fmt.Errorf("%w: a tree without an end", errSQLite)
	}
	b, err := w.db.read(number)
	if err != nil {
		return btreePage{}, err
	}
	head := b
	if number == 1 {
		head = b[100:]
	}
	p := btreePage{kind: head[0], b: b}
	cells := head[8:]
	if p.kind == indexInterior || p.kind == tableInterior {
		p.right = binary.BigEndian.Uint32(head[8:])
		cells = head[12:]
	}
	count := 2 * int(binary.BigEndian.Uint16(head[3:]))
	if count > len(cells) {
		return btreePage{}, fmt.Errorf("%w: page %d", errSQLite, number)
	}
	p.cells = cells[:count]
	return p, nil
}

// cell returns the i-th cell, up to the end of its page.
func (p btreePage) cell(i int) ([]byte, error) {
	at := int(binary.BigEndian.Uint16(p.cells[2*i:]))
	if at+4 > len(p.b) {
		return nil, fmt.Errorf("%w: a cell outside its page", errSQLite)
	}
	return p.b[at:], nil
}

// read reads a page, from the write-ahead log if a newer state of it is there.
func (db *sqlite) read(number uint32) ([]byte, error) {
	if number == 0 || number > db.last {
		return nil, fmt.Errorf("%w: page %d of %d", errSQLite, number, db.last)
	}
	r, at := db.r, int64(number-1)*db.page
	if offset, ok := db.wal.pages[number]; ok {
		r, at = db.wal.r, offset
	}
	b := make([]byte, db.page)
	if _, err := r.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("page %d: %w", number, err)
	}
	return b, nil
}
