// What the programs of mail and files call themselves in their greetings.

package protocol

import (
	"strings"
)

// A mark is the words by which a program is known in a greeting. If they end in a blank or an opening bracket the version
// follows them.
type mark struct{ words, product string }

// marked finds the first of the marks in a greeting, and the version after it.
func marked(greeting string, marks []mark) (product, version string) {
	for _, m := range marks {
		_, after, ok := strings.Cut(greeting, m.words)
		if !ok {
			continue
		}
		end := 0
		for end < len(after) && (isDigit(after[end]) || isAlpha(after[end]) || strings.IndexByte(".-_+~", after[end]) >= 0) {
			end++
		}
		if end > 0 && isDigit(after[0]) {
			version = strings.TrimRight(after[:end], ".-")
		}
		return m.product, text(version)
	}
	return "", ""
}

// signed is marked where a program signs its greeting: at the beginning of a line, behind the name of its host at most.
// Further on a sentence may speak of another.
func signed(greeting string, marks []mark) (product, version string) {
	for line := range strings.Lines(greeting) {
		for _, m := range marks {
			before, _, ok := strings.Cut(line, m.words)
			if ok && len(strings.Fields(before)) <= 1 {
				return marked(line[len(before):], []mark{m})
			}
		}
	}
	return "", ""
}

// hasWord tells whether a greeting has a word, whatever its case.
func hasWord(greeting, word string) bool {
	for field := range strings.FieldsFuncSeq(greeting, func(r rune) bool {
		return r >= 0x80 || !isAlpha(byte(r)) && !isDigit(byte(r))
	}) {
		if strings.EqualFold(field, word) {
			return true
		}
	}
	return false
}

// isHostName tells whether a word can be the name of a host, or its address in brackets.
func isHostName(word string) bool {
	if inner, ok := strings.CutPrefix(word, "["); ok {
		word = strings.ReplaceAll(strings.TrimSuffix(inner, "]"), ":", "")
	}
	return word != "" && allOf(word, func(c byte) bool {
		return isAlpha(c) || isDigit(c) || c == '-' || c == '.' || c == '_'
	})
}

// isDomain tells whether a word is a host name of at least two labels.
func isDomain(word string) bool {
	return strings.Contains(word, ".") && !strings.Contains(word, "..") && isAlpha(word[0]) && isAlpha(word[len(word)-1]) &&
		allOf(word, func(c byte) bool { return isAlpha(c) || isDigit(c) || c == '-' || c == '.' })
}

// system is the name of an operating system that packagers put in brackets: "Dovecot (Debian) ready".
func system(greeting string) string {
	for _, name := range []string{"Debian", "Ubuntu", "FreeBSD", "Raspbian"} {
		if strings.Contains(greeting, "("+name) {
			return name
		}
	}
	return ""
}
