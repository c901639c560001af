// JSON as rtevent prints it: one object a line, which a program reads and a terminal may be shown.

package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON writes one object as a line. Characters that a terminal could take for orders are written as escapes of JSON, which
// mean the same to every program that reads it.
func JSON(v any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return escapedJSON(line.Bytes()), nil
}

// escapedJSON escapes in JSON what neither prints nor is white space of JSON's own. Outside of strings there is none, so
// that the value stays what it was.
func escapedJSON(text []byte) []byte {
	raw := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if bytes.IndexFunc(text, raw) < 0 {
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
