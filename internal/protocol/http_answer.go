// An answer in HTTP, as far as it tells which product gave it.

package protocol

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A httpAnswer is a whole head with its body in clear.
type httpAnswer struct {
	httpHead
	heading string // the title of a page
	tree    any    // the body where it is JSON and whole; nil otherwise
}

// readAnswer reads an answer of which the head is whole.
func readAnswer(reply string) (httpAnswer, bool) {
	head, ok := cutHead(reply)
	if !ok || !head.whole {
		return httpAnswer{}, false
	}
	return newAnswer(head), true
}

func newAnswer(head httpHead) httpAnswer {
	if strings.EqualFold(head.field("Transfer-Encoding"), "chunked") {
		head.body = dechunk(head.body)
	}
	a := httpAnswer{httpHead: head, heading: strings.TrimSpace(head.title())}
	if body := strings.TrimSpace(head.body); strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		if json.Unmarshal([]byte(body), &a.tree) != nil {
			a.tree = nil
		}
	}
	return a
}

// dechunk joins the chunks of a body (RFC 9112, section 7.1), as far as they go.
func dechunk(body string) string {
	var whole strings.Builder
	for {
		line, rest, _ := strings.Cut(body, "\r\n")
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil || n == 0 {
			return whole.String()
		}
		n = min(n, uint64(len(rest)))
		whole.WriteString(rest[:n])
		body = strings.TrimPrefix(rest[n:], "\r\n")
	}
}

// at is what lies in the tree under a path of keys and places: "data.version", "beans.0.name". Nil if there is nothing.
func (a httpAnswer) at(path string) any {
	value := a.tree
	for key := range strings.SplitSeq(path, ".") {
		switch in := value.(type) {
		case map[string]any:
			value = in[key]
		case []any:
			i, ok := number(key)
			if !ok || i >= len(in) {
				return nil
			}
			value = in[i]
		default:
			return nil
		}
	}
	return value
}

// target is where a redirection goes to on the same server: a path without query. Empty if it is none.
func (a httpAnswer) target() string {
	if a.status[0] != '3' {
		return ""
	}
	target := a.field("Location")
	if _, rest, ok := strings.Cut(target, "://"); ok {
		_, target, _ = strings.Cut(rest, "/")
		target = "/" + target
	}
	target, _, _ = strings.Cut(target, "?")
	target, _, _ = strings.Cut(target, "#")
	if !strings.HasPrefix(target, "/") {
		target = "/" + strings.TrimPrefix(target, "./")
	}
	return target
}

// isPage tells a body of tags: HTML or XML.
func (a httpAnswer) isPage() bool {
	kind := a.field("Content-Type")
	return strings.HasPrefix(kind, "text/html") || strings.Contains(kind, "xml")
}

// sets tells whether a cookie of this name is set.
func (a httpAnswer) sets(cookie string) bool {
	for line := range strings.Lines(a.fields) {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Set-Cookie") && strings.HasPrefix(strings.TrimSpace(value), cookie+"=") {
			return true
		}
	}
	return false
}

// versionOf cleans a version: without a leading "v", what follows a blank, and the marks of packagers. It is empty for
// anything that does not begin with a digit then.
func versionOf(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	for _, mark := range []string{" ", ",", "+ds", "~ds", "-ds", "+dfsg", "~dfsg", "+gitea"} {
		s, _, _ = strings.Cut(s, mark)
	}
	if s == "" || !isDigit(s[0]) {
		return ""
	}
	return text(s)
}
