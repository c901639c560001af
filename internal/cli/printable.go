package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes text from the network, a process or a file safe to show: control characters (terminal escapes, line
// breaks), invisible and direction-changing ones and broken UTF-8 come out as Go escapes, so that nothing a peer says
// can move the cursor or hide what follows.
func printable(s string) string {
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

// fit cuts text to a width in characters and marks the cut. A width below 1 leaves it as it is.
func fit(s string, width int) string {
	if width < 1 || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// phrases joins as many of the parts as fit a width, the first always, cut if it must be. Empty parts are left out.
func phrases(width int, parts ...string) string {
	line := ""
	for _, p := range parts {
		p = printable(p)
		switch {
		case p == "":
		case line == "":
			line = fit(p, width)
		case width < 1 || utf8.RuneCountInString(line)+2+utf8.RuneCountInString(p) <= width:
			line += ", " + p
		}
	}
	return line
}

// wrap breaks text at spaces into lines of at most width characters; a longer word stays whole.
func wrap(s string, width int) []string {
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
