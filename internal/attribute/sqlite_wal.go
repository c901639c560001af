package attribute

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// wal is the write-ahead log of a SQLite database: pages that were committed and are not yet in the file itself.
type wal struct {
	r     io.ReaderAt
	pages map[uint32]int64 // page to its place in the log
	last  uint32           // the last page of the database after the last commit
}

const (
	walHead   = 32
	walFrame  = 24
	maxFrames = 1 << 16
)

// openWAL reads which pages a log has. Frames count up to the last commit, as long as they bear the log's own marks;
// what follows is left from a log before it. The log stays open as long as files does: it is read into memory.
func openWAL(files fs.FS, name string, page int64) (wal, error) {
	b, err := readFile(files, name, maxHeader)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(b) < walHead:
		return wal{}, nil
	case err != nil:
		return wal{}, fmt.Errorf("sqlite log: %w", err)
	}
	w := wal{r: bytes.NewReader(b), pages: map[uint32]int64{}}
	pending := map[uint32]int64{}
	for at := int64(walHead); at+walFrame+page <= int64(len(b)) && len(w.pages) < maxFrames; at += walFrame + page {
		frame := b[at:]
		if string(frame[8:16]) != string(b[16:24]) {
			break
		}
		pending[binary.BigEndian.Uint32(frame)] = at + walFrame
		if last := binary.BigEndian.Uint32(frame[4:]); last != 0 { // a commit
			w.last = last
			for p, offset := range pending {
				w.pages[p] = offset
			}
			clear(pending)
		}
	}
	return w, nil
}
