// Reading protocols of lines.

package protocol

import (
	"strings"
)

// cutLine takes the first line off a reply, without its CR LF or LF. It is false where the line does not end, which
// it may do in the part that was cut off.
func cutLine(reply string) (line, rest string, ok bool) {
	line, rest, ok = strings.Cut(reply, "\n")
	return strings.TrimSuffix(line, "\r"), rest, ok
}

// oneLine is the only line of a reply; false where there are more, or less than one.
func oneLine(reply string) (string, bool) {
	line, rest, ok := cutLine(reply)
	return line, ok && rest == ""
}

// allOf tells whether s has characters, and of one kind only.
func allOf(s string, in func(byte) bool) bool {
	for i := range len(s) {
		if !in(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isPrint(c byte) bool { return ' ' <= c && c <= '~' }

// isToken tells the characters of a token in HTTP and its relatives (RFC 9110, section 5.6.2).
func isToken(c byte) bool {
	return isAlpha(c) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// nameVersion splits what a program calls itself into name and version at the first of the separators that a digit
// follows: "OpenSSH_9.2p1", "nginx/1.22.1", "libssh-0.9". Without any, all is the name.
func nameVersion(s, separators string) (name, version string) {
	for i := 1; i+1 < len(s); i++ {
		if strings.IndexByte(separators, s[i]) >= 0 && isDigit(s[i+1]) {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// number reads a decimal number of at most nine digits, without sign.
func number(s string) (int, bool) {
	if len(s) > 9 || !allOf(s, isDigit) {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}
