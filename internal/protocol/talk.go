// Carrying on a conversation: what Talk functions are made of.

package protocol

import (
	"io"
	"strings"
)

// ask says words and returns what was heard before with the answer, which is read until it is done.
func ask(rw io.ReadWriter, heard, words string, done func(answer string) bool) string {
	if _, err := io.WriteString(rw, words); err != nil {
		return heard
	}
	return heard + hear(rw, "", done)
}

// hear reads on after what was heard until that is done, or the other side is.
func hear(r io.Reader, heard string, done func(heard string) bool) string {
	const most = 64 << 10
	buf := make([]byte, 4<<10)
	for len(heard) < most && !done(heard) {
		n, err := r.Read(buf)
		heard += string(buf[:n])
		if err != nil {
			break
		}
	}
	return heard
}

// hasLine tells whether a whole line was heard.
func hasLine(heard string) bool { return strings.Contains(heard, "\n") }
