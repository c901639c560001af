// JSON as this command prints it: one object a line, which a program reads and a terminal may be shown.

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printJSON writes one object as a line. Characters that a terminal could take for orders are written as escapes of
// JSON, which mean the same to every program that reads it.
func printJSON(out io.Writer, v any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := out.Write(escapedJSON(line.Bytes()))
	return err
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
