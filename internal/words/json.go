// JSON as rtevent prints it: one object a line, which a program reads and a terminal may be shown.

package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"rtevent"
)

// JSON writes one object as a line. Characters that a terminal could take for orders are written as escapes of JSON, which
// mean the same to every program that reads it.
func JSON(v any) ([]byte, error) {
	if e, ok := v.(rtevent.Event); ok { // the encoder would go through it once more
		line, err := e.MarshalJSON()
		if err != nil {
			return nil, err
		}
		return EscapedJSON(append(line, '\n')), nil
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return EscapedJSON(line.Bytes()), nil
}

// EscapedJSON escapes in JSON what neither prints nor is white space of JSON's own. Outside of strings there is none, so
// that the value stays what it was.
func EscapedJSON(text []byte) []byte {
	raw := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if plain(text) || bytes.IndexFunc(text, raw) < 0 {
		return text
	}
	var b []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if raw(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				b = fmt.Appendf(b, `\u%04x`, unit)
			}
		} else {
			b = append(b, text[:size]...)
		}
		text = text[size:]
	}
	return b
}

// plain tells whether all is printable ASCII, as nearly all is.
func plain(text []byte) bool {
	for _, c := range text {
		if (c < ' ' || c > '~') && c != '\n' {
			return false
		}
	}
	return true
}
