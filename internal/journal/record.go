// An event as it is stored: what is asked of it most stands before its line, so that nobody needs to parse JSON for it, and
// the engine need not send its own headers along, which would cost more than the event.

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"rtevent"
)

// key names an event: a digest of its source and id, too long for a stranger to find two that collide.
type key [16]byte

func keyOf(source, id string) key {
	b := make([]byte, 0, 128)
	b = binary.AppendUvarint(b, uint64(len(source)))
	b = append(b, source...)
	b = append(b, id...)
	sum := sha256.Sum256(b)
	return key(sum[:16])
}

func (k key) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// record is one event as it is stored.
type record struct {
	seq    uint64 // its number: 0 when the place where it lies says it
	topic  string
	key    key
	stored time.Time
	line   []byte
}

var errRecord = errors.New("no event of this journal")

// append writes KEY SPACE TIME SPACE NUMBER SPACE TOPIC SPACE LINE: time in milliseconds and number, each in base 36.
func (r record) append(b []byte) []byte {
	b = base64.RawURLEncoding.AppendEncode(b, r.key[:])
	b = append(b, ' ')
	b = strconv.AppendInt(b, r.stored.UnixMilli(), 36)
	b = append(b, ' ')
	b = strconv.AppendUint(b, r.seq, 36)
	b = append(b, ' ')
	b = append(b, r.topic...)
	b = append(b, ' ')
	return append(b, r.line...)
}

// parseRecord reads what append wrote; the line is shared with b.
func parseRecord(b []byte) (record, error) {
	var r record
	var words [4][]byte
	for i := range words {
		var ok bool
		if words[i], b, ok = bytes.Cut(b, []byte{' '}); !ok {
			return r, errRecord
		}
	}
	if len(words[0]) != base64.RawURLEncoding.EncodedLen(len(r.key)) {
		return r, errRecord
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(r.key[:], words[0]); err != nil {
		return r, errRecord
	}
	ms, err := strconv.ParseInt(string(words[1]), 36, 64)
	seq, err2 := strconv.ParseUint(string(words[2]), 36, 64)
	if err != nil || err2 != nil || ms < 0 {
		return r, errRecord
	}
	if len(b) < 2 || b[0] != '{' || b[len(b)-1] != '}' || bytes.IndexByte(b, '\n') >= 0 {
		return r, errRecord
	}
	r.stored, r.seq, r.topic, r.line = time.UnixMilli(ms), seq, string(words[3]), b
	return r, rtevent.CheckTopic(r.topic)
}
