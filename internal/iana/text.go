// This file turns the registry's cells into plain text.

package iana

import (
	"slices"
	"strings"
	"unicode"
)

// plain makes one line of printable text without mail addresses.
func plain(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "\ufffd"))
	words := strings.Fields(s)
	if strings.ContainsAny(s, "@&") {
		words = slices.DeleteFunc(words, address)
	}
	return strings.Join(words, " ")
}

// address tells whether a word is a mail address. The copies write it with @ or, to mislead harvesters, with &.
func address(word string) bool {
	i := strings.IndexAny(word, "@&")
	return i > 0 && strings.Contains(word[i:], ".") && !strings.Contains(word, "/")
}

// persons turns "[Terry_Gin][Bob_Braden_2]" into "Terry Gin, Bob Braden": the number only tells apart two persons of
// one name in the registry's own list.
func persons(s string) string {
	return list(s, func(name string) string {
		if i := strings.LastIndexByte(name, '_'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
			name = name[:i]
		}
		return strings.ReplaceAll(name, "_", " ")
	})
}

// references turns "[RFC6335][1][n/a]" into "RFC6335": footnotes are not part of the CSV.
func references(s string) string {
	return list(s, func(name string) string {
		if name == "n/a" || strings.Trim(name, "0123456789") == "" {
			return ""
		}
		return name
	})
}

// list joins what stands in brackets; text without brackets stays as it is.
func list(s string, each func(string) string) string {
	var names []string
	rest, listed := s, false
	for {
		_, after, opens := strings.Cut(rest, "[")
		name, next, closes := strings.Cut(after, "]")
		if !opens || !closes {
			break
		}
		listed = true
		if name = plain(each(strings.TrimSpace(name))); name != "" {
			names = append(names, name)
		}
		rest = next
	}
	if !listed {
		return plain(s)
	}
	return strings.Join(names, ", ")
}
