package attribute

import (
	"encoding/binary"
	"fmt"
)

// table visits the rows of a table in order, or only the one with a number.
func (w *walk) table(root uint32, only *int64, visit func(record)) error {
	p, err := w.open(root)
	if err != nil {
		return err
	}
	for i := range len(p.cells) / 2 {
		cell, err := p.cell(i)
		if err != nil {
			return err
		}
		switch p.kind {
		case tableLeaf:
			length, rest := varint(cell)
			number, rest := varint(rest)
			if only != nil && *only != number {
				continue
			}
			row, err := w.record(rest, length, w.db.usable-35)
			if err != nil {
				return err
			}
			visit(row)
		case tableInterior: // a child, and the highest number below it
			highest, _ := varint(cell[4:])
			if only != nil && *only > highest {
				continue
			}
			err := w.table(binary.BigEndian.Uint32(cell), only, visit)
			if err != nil || only != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: a table with a page of kind %d", errSQLite, p.kind)
		}
	}
	if p.kind == tableInterior {
		return w.table(p.right, only, visit)
	}
	return nil
}

// index visits the row numbers that an index by text has under a key. On an interior page the cells are entries too,
// each between what is below its child and what is below the next one's.
func (w *walk) index(root uint32, key string, visit func(number int64)) error {
	p, err := w.open(root)
	if err != nil {
		return err
	}
	if p.kind != indexLeaf && p.kind != indexInterior {
		return fmt.Errorf("%w: an index with a page of kind %d", errSQLite, p.kind)
	}
	for i := range len(p.cells) / 2 {
		child, entry, err := w.entry(p, i)
		if err != nil {
			return err
		}
		here := string(entry[0].bytes)
		if here < key {
			continue
		}
		if p.kind == indexInterior {
			if err := w.index(child, key, visit); err != nil {
				return err
			}
		}
		if here > key {
			return nil
		}
		if number, ok := entry.integer(1); ok {
			visit(number)
		}
	}
	if p.kind == indexInterior {
		return w.index(p.right, key, visit)
	}
	return nil
}

// entry reads an entry of an index, key and row number, and the child before it on an interior page.
func (w *walk) entry(p btreePage, i int) (child uint32, entry record, err error) {
	cell, err := p.cell(i)
	if err != nil {
		return 0, nil, err
	}
	if p.kind == indexInterior {
		child, cell = binary.BigEndian.Uint32(cell), cell[4:]
	}
	length, rest := varint(cell)
	entry, err = w.record(rest, length, (w.db.usable-12)*64/255-23)
	if err == nil && len(entry) < 2 {
		err = fmt.Errorf("%w: an index entry without a row", errSQLite)
	}
	return child, entry, err
}

// record reads a record of which at most local bytes lie on its own page and the rest on a chain of others.
func (w *walk) record(cell []byte, length, local int64) (record, error) {
	if length < 0 || length > maxHeader {
		return nil, fmt.Errorf("%w: a record of %d bytes", errSQLite, length)
	}
	if length <= local {
		if length > int64(len(cell)) {
			return nil, fmt.Errorf("%w: a record outside its page", errSQLite)
		}
		return parseRecord(cell[:length])
	}
	least := (w.db.usable-12)*32/255 - 23
	here := least + (length-least)%(w.db.usable-4)
	if here > local {
		here = least
	}
	if here+4 > int64(len(cell)) {
		return nil, fmt.Errorf("%w: a record outside its page", errSQLite)
	}
	b := append(make([]byte, 0, length), cell[:here]...)
	for next := binary.BigEndian.Uint32(cell[here:]); int64(len(b)) < length; {
		if w.pages++; w.pages > maxPages {
			return nil, fmt.Errorf("%w: a record without an end", errSQLite)
		}
		page, err := w.db.read(next)
		if err != nil {
			return nil, err
		}
		next = binary.BigEndian.Uint32(page)
		b = append(b, page[4:min(w.db.usable, 4+length-int64(len(b)))]...)
	}
	return parseRecord(b)
}

// record is the columns of a row or of an index entry.
type record []column

// column is a value: a number, or the bytes of a text or blob.
type column struct {
	number   int64
	isNumber bool
	bytes    []byte
}

func (r record) integer(i int) (int64, bool) {
	if i >= len(r) {
		return 0, false
	}
	return r[i].number, r[i].isNumber
}

// parseRecord reads the head of a record, which gives the type of each column, and then the columns.
func parseRecord(b []byte) (record, error) {
	headLength, types := varint(b)
	if headLength < 1 || headLength > int64(len(b)) {
		return nil, fmt.Errorf("%w: the head of a record", errSQLite)
	}
	body := b[headLength:]
	types = types[:max(0, len(types)-len(body))]
	var r record
	for len(types) > 0 {
		var kind int64
		kind, types = varint(types)
		c, size := columnOf(kind)
		if size > int64(len(body)) {
			return nil, fmt.Errorf("%w: a column outside its record", errSQLite)
		}
		if c.isNumber && size > 0 {
			c.number = bigEndian(body[:size])
		} else if !c.isNumber {
			c.bytes = body[:size]
		}
		r = append(r, c)
		body = body[size:]
	}
	return r, nil
}

// columnOf tells what a type of the format means and how many bytes its value takes.
func columnOf(kind int64) (column, int64) {
	switch {
	case kind >= 1 && kind <= 6:
		return column{isNumber: true}, []int64{1, 2, 3, 4, 6, 8}[kind-1]
	case kind == 7: // a floating point number, of which there are none in what is read
		return column{}, 8
	case kind == 8 || kind == 9:
		return column{isNumber: true, number: kind - 8}, 0
	case kind >= 12:
		return column{}, (kind - 12) / 2
	default: // null, and two that are never stored
		return column{}, 0
	}
}

// bigEndian reads a signed number of 1 to 8 bytes.
func bigEndian(b []byte) int64 {
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n
}

// varint reads SQLite's number of variable length: seven bits a byte, the high bit saying that more follow; the ninth
// byte gives all its eight. A number that is cut off is 0.
func varint(b []byte) (int64, []byte) {
	var n uint64
	for i, c := range b {
		if i == 8 {
			return int64(n<<8 | uint64(c)), b[9:]
		}
		n = n<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return int64(n), b[i+1:]
		}
	}
	return 0, nil
}
