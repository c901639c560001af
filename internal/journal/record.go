// An event as it lies in the log: filed under its topic, with its key before its line, so that nobody needs to parse JSON
// to tell it from another.

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"rtevent"
)

// key names an event: a digest of its source and id, too long for a stranger to find two that collide.
type key [16]byte

const keyText = 22 // a key in base64

func keyOf(source, id string) key {
	b := make([]byte, 0, 128)
	b = binary.AppendUvarint(b, uint64(len(source)))
	b = append(b, source...)
	b = append(b, id...)
	sum := sha256.Sum256(b)
	return key(sum[:16])
}

// record is one event of the log.
type record struct {
	topic string
	key   key
	line  []byte
}

var errRecord = errors.New("no event of this journal")

// append writes what lies under the topic: KEY SPACE LINE.
func (r record) append(b []byte) []byte {
	b = base64.RawURLEncoding.AppendEncode(b, r.key[:])
	b = append(b, ' ')
	return append(b, r.line...)
}

// parseRecord reads what append wrote under a subject of the engine; the line is shared with b.
func parseRecord(subject, prefix string, b []byte) (record, error) {
	topic, ok := strings.CutPrefix(subject, prefix)
	if !ok || rtevent.CheckTopic(topic) != nil || len(b) < keyText+2 || b[keyText] != ' ' {
		return record{}, errRecord
	}
	r := record{topic: topic, line: b[keyText+1:]}
	if n, err := base64.RawURLEncoding.Strict().Decode(r.key[:], b[:keyText]); err != nil || n != len(r.key) {
		return record{}, errRecord
	}
	if r.line[0] != '{' || r.line[len(r.line)-1] != '}' || bytes.IndexByte(r.line, '\n') >= 0 {
		return record{}, errRecord
	}
	return r, nil
}
