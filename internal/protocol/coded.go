// Replies of SMTP, FTP and their kin: three digits and text, in one line or several (RFC 959, section 4.2).

package protocol

import (
	"strings"
)

// A codedReply is one such reply.
type codedReply struct {
	code string // three digits
	text string // what follows the code in the first line
	more string // the lines after the first, if there are several
}

// cutCoded takes a whole reply off what was heard. It is false if there is none, or not all of it.
func cutCoded(heard string) (r codedReply, rest string, ok bool) {
	line, rest, ok := cutLine(heard)
	if !ok || len(line) < 3 || !allOf(line[:3], isDigit) {
		return r, "", false
	}
	r.code = line[:3]
	switch {
	case line == r.code || line[3] == ' ':
		r.text = strings.TrimPrefix(line[3:], " ")
		return r, rest, true
	case line[3] != '-':
		return r, "", false
	}
	r.text = line[4:]
	for left := rest; ; {
		line, next, ok := cutLine(left)
		if !ok {
			return r, "", false
		}
		if left = next; line == r.code || strings.HasPrefix(line, r.code+" ") {
			r.more = rest[:len(rest)-len(left)]
			return r, left, true
		}
	}
}

// hasCoded tells whether a whole reply was heard.
func hasCoded(heard string) bool {
	_, _, ok := cutCoded(heard)
	return ok
}

// names tells whether a line of a list of features begins with one of the names. "250-SIZE 1000", " SIZE" and "SIZE"
// are all lines that name SIZE, and "AUTH TLS;TLS-C;" is one that names "AUTH TLS".
func (r codedReply) names(features ...string) bool {
	for line := range strings.Lines(r.more) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, r.code); ok && rest != "" && (rest[0] == '-' || rest[0] == ' ') {
			line = rest[1:]
		}
		for _, feature := range features {
			n := len(feature)
			if len(line) >= n && strings.EqualFold(line[:n], feature) && (len(line) == n || line[n] == ' ' || line[n] == ';') {
				return true
			}
		}
	}
	return false
}
