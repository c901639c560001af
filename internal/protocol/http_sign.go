// Signs: what in an answer gives a product away. Each has its place: a field of the head, a cookie, the keys of a JSON
// object and their types, the title of a page, a tag. None is a word in a text.

package protocol

import (
	"strings"
)

// A httpSign tells whether an answer bears it, and the version if that comes with it.
type httpSign func(a httpAnswer) (version string, ok bool)

// holds tells whether an answer bears the sign; nil is borne by none.
func (sign httpSign) holds(a httpAnswer) bool {
	if sign == nil {
		return false
	}
	_, ok := sign(a)
	return ok
}

// every holds where all signs do. The version is that of the first that has one.
func every(signs ...httpSign) httpSign {
	return func(a httpAnswer) (string, bool) {
		version := ""
		for _, sign := range signs {
			v, ok := sign(a)
			if !ok {
				return "", false
			}
			if version == "" {
				version = v
			}
		}
		return version, true
	}
}

// either holds where any of the signs does. The version is that of the first that has one.
func either(signs ...httpSign) httpSign {
	return func(a httpAnswer) (string, bool) {
		any := false
		for _, sign := range signs {
			v, ok := sign(a)
			if v != "" {
				return v, true
			}
			any = any || ok
		}
		return "", any
	}
}

// field is a header field of its own; its value is the version if it is one.
func field(name string) httpSign {
	return func(a httpAnswer) (string, bool) {
		value := a.field(name)
		return versionOf(value), value != ""
	}
}

// fieldBegins is a header field that begins with these words; what follows them is the version if it is one.
func fieldBegins(name, words string) httpSign {
	return func(a httpAnswer) (string, bool) {
		version, ok := strings.CutPrefix(a.field(name), words)
		return versionOf(version), ok
	}
}

// carries is a header field of its own whose value does not matter.
func carries(name string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", a.field(name) != "" }
}

// fieldIs is a header field of this value.
func fieldIs(name, value string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", a.field(name) == value }
}

// fieldHolds is a header field of which this is a part.
func fieldHolds(name, part string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", strings.Contains(a.field(name), part) }
}

// carriesBegin is a header field that begins with these words, where what follows is not the version of the product.
func carriesBegin(name, words string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", strings.HasPrefix(a.field(name), words) }
}

// status is any of some status codes.
func status(codes ...string) httpSign {
	return func(a httpAnswer) (string, bool) {
		for _, code := range codes {
			if a.status == code {
				return "", true
			}
		}
		return "", false
	}
}

// realm is what a password is asked for.
func realm(name string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", a.realm() == name }
}

// cookie is the name of a cookie that is set.
func cookie(name string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", a.sets(name) }
}

// redirect is where the client is sent to, on the same server.
func redirect(targets ...string) httpSign {
	return func(a httpAnswer) (string, bool) {
		target := a.target()
		for _, want := range targets {
			if target == want {
				return "", true
			}
		}
		return "", false
	}
}

// title is the whole title of a page.
func title(want string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", a.heading == want }
}

// titleBegins is the beginning of a title; what follows is the version if it is one.
func titleBegins(words string) httpSign {
	return func(a httpAnswer) (string, bool) {
		version, ok := strings.CutPrefix(a.heading, words)
		return versionOf(version), ok
	}
}

// markup is a piece of a page's tags or scripts; what follows it is the version if it is one. It holds a character that
// text has only when it is escaped.
func markup(piece string) httpSign {
	return func(a httpAnswer) (string, bool) {
		_, after, ok := strings.Cut(a.body, piece)
		return leadingVersion(after), ok && a.isPage()
	}
}

// between is a piece of a page, and after it on the same line the version between two others.
func between(piece, before, after string) httpSign {
	return func(a httpAnswer) (string, bool) {
		_, rest, ok := strings.Cut(a.body, piece)
		line, _, _ := strings.Cut(rest, "\n")
		_, version, _ := strings.Cut(line, before)
		version, _, ended := strings.Cut(version, after)
		if !ended {
			version = ""
		}
		return versionOf(version), ok && a.isPage()
	}
}

// contains is a piece of what is no text for people, beside a sign that says so.
func contains(piece string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", strings.Contains(a.body, piece) }
}

// metric is a metric that has the version in a label.
func metric(name, label string) httpSign {
	return func(a httpAnswer) (string, bool) {
		_, labels, _ := strings.Cut("\n"+a.body, "\n"+name+"{")
		labels, _, _ = strings.Cut(labels, "\n")
		version := versionOf(labelOf(labels, label))
		return version, version != ""
	}
}

// generator is what a page says it was made by, with the version after it.
func generator(name string) httpSign {
	return either(markup(`<meta name="generator" content="`+name+` `), markup(`<meta name="generator" content="`+name+`"`))
}

// element is an element of XML by the begin of its tag, and the version in an attribute of it.
func element(begin, attribute string) httpSign {
	return func(a httpAnswer) (string, bool) {
		_, tag, ok := strings.Cut(a.body, begin)
		tag, _, closed := strings.Cut(tag, ">")
		_, value, _ := strings.Cut(tag, " "+attribute+`="`)
		return leadingVersion(value), ok && closed && a.isPage()
	}
}

// leadingVersion is the version that a text begins with, if something ends it.
func leadingVersion(s string) string {
	end := strings.IndexAny(s, "\"'<> \t\r\n&;,)")
	return versionOf(s[:max(end, 0)])
}

// body is all that the body says, but for the end of its line.
func body(want string) httpSign {
	return func(a httpAnswer) (string, bool) { return "", strings.TrimRight(a.body, "\r\n") == want }
}

// plainVersion is a body that is whole and nothing but a version.
func plainVersion(a httpAnswer) (string, bool) {
	line := strings.TrimSpace(a.body)
	length, _ := number(a.field("Content-Length"))
	if a.status != "200" || len(a.body) != length || len(line) > 40 || !strings.Contains(line, ".") || strings.ContainsAny(line, " \r\n<{") {
		return "", false
	}
	version := versionOf(line)
	return version, version != ""
}

// object is a JSON object that has all of the given keys, the first being that of the version; "" if there is none.
// A key may be a path ("data.version"); its value is a string, or with "{}" at its end an object, "[]" a list, "#" a
// number, "?" a boolean; with "=" at its end and more after it, that string.
func object(version string, keys ...string) httpSign {
	return func(a httpAnswer) (string, bool) {
		if a.tree == nil {
			return "", false
		}
		v := ""
		if version != "" {
			said, ok := a.at(version).(string)
			if v = versionOf(said); !ok || v == "" {
				return "", false
			}
		}
		for _, key := range keys {
			if !a.has(key) {
				return "", false
			}
		}
		return v, true
	}
}

// keyBegins is a string in a JSON object that begins with these words; what follows is the version if it is one.
func keyBegins(path, words string) httpSign {
	return func(a httpAnswer) (string, bool) {
		said, _ := a.at(path).(string)
		rest, ok := strings.CutPrefix(said, words)
		return versionOf(rest), ok
	}
}

// has tells whether the tree has a key as object describes it.
func (a httpAnswer) has(key string) bool {
	if path, value, ok := strings.Cut(key, "="); ok {
		return a.at(path) == value
	}
	ok := false
	switch path := strings.TrimRight(key, "{}[]#?"); key[len(path):] {
	case "{}":
		_, ok = a.at(path).(map[string]any)
	case "[]":
		_, ok = a.at(path).([]any)
	case "#":
		_, ok = a.at(path).(float64)
	case "?":
		_, ok = a.at(path).(bool)
	default:
		_, ok = a.at(path).(string)
	}
	return ok
}
