// Package words tells a person in plain English what a listener is, who holds it, what it speaks, what the registry claims,
// and how to check by hand. The terminal and the page use the same words.
package words

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes text from the network, a process or a file safe to show: control characters (terminal escapes, line
// breaks), invisible and direction-changing ones and broken UTF-8 come out as Go escapes, so that nothing a peer says
// can move the cursor or hide what follows.
func Printable(s string) string {
	if !strings.ContainsFunc(s, unsafeRune) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r < 0x80 && unsafeRune(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func unsafeRune(r rune) bool {
	return r == utf8.RuneError || !unicode.IsPrint(r)
}

// Fit cuts text to a width in characters and marks the cut. A width below 1 leaves it as it is.
func Fit(s string, width int) string {
	if width < 1 || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// Phrases joins as many of the parts as fit a width, the first always, cut if it must be. Empty parts are left out.
func Phrases(width int, parts ...string) string {
	line := ""
	for _, p := range parts {
		p = Printable(p)
		switch {
		case p == "":
		case line == "":
			line = Fit(p, width)
		case width < 1 || utf8.RuneCountInString(line)+2+utf8.RuneCountInString(p) <= width:
			line += ", " + p
		}
	}
	return line
}

// Wrap breaks text at spaces into lines of at most width characters; a longer word stays whole.
func Wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Counted is a number of things: "1 listener", "2 listeners".
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Few lists the first of many.
func Few(names []string, n int) string {
	if len(names) > n {
		return strings.Join(names[:n], ", ") + "…"
	}
	return strings.Join(names, ", ")
}
