// JSON after a header with its length, as between editors and their debuggers and language servers.

package protocol

import (
	"strings"
)

// cutContent takes the first message off a reply.
func cutContent(reply string) (message, rest string, ok bool) {
	after, ok := strings.CutPrefix(reply, "Content-Length: ")
	digits, rest, ended := strings.Cut(after, "\r\n\r\n")
	n, isNumber := number(digits)
	if !ok || !ended || !isNumber || n > len(rest) {
		return "", "", false
	}
	return rest[:n], rest[n:], true
}

// content frames a message.
func content(message string) string {
	return "Content-Length: " + dotted(len(message)) + "\r\n\r\n" + message
}
