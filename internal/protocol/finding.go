// How readers say what they found: confidence, the telling bytes, and clean text.

package protocol

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rtevent"
)

// strong begins a finding that rests on a framed parse or on two independent signals. It says in words what was
// recognised, and saw are the telling bytes.
func strong(protocol, says, saw string) rtevent.Finding {
	return found(protocol, rtevent.Strong, says, saw)
}

// weak begins a finding that rests on one unframed signal.
func weak(protocol, says, saw string) rtevent.Finding {
	return found(protocol, rtevent.Weak, says, saw)
}

func found(protocol string, c rtevent.Confidence, says, saw string) rtevent.Finding {
	return rtevent.Finding{
		Protocol:   protocol,
		Confidence: c,
		Evidence:   []rtevent.Evidence{{Says: says, Saw: Saw(saw)}},
	}
}

// nothing is what a reader returns for a reply that is not its own.
func nothing() (rtevent.Finding, bool) { return rtevent.Finding{}, false }

// details makes Details of names and values in turn. Values that are empty are left out, and all are made clean.
func details(pairs ...string) map[string]string {
	var d map[string]string
	for i := 0; i+1 < len(pairs); i += 2 {
		value := text(pairs[i+1])
		if value == "" {
			continue
		}
		if d == nil {
			d = map[string]string{}
		}
		d[pairs[i]] = value
	}
	return d
}

// text makes one short line of printable characters of what a server said: whoever prints a product, a version or a
// detail is not at the server's mercy.
func text(s string) string {
	const most = 120 // bytes
	s = strings.TrimSpace(s[:min(len(s), 4*most)])
	var b strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = ' '
		}
		if b.Len()+utf8.RuneLen(r) > most {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// Saw quotes bytes that a server said as in a Go string, cut at 160 characters; "..." after the closing quote says that
// there was more.
func Saw(bytes string) string {
	const most = 160 // characters, with quotes and dots
	if len(bytes) <= most {
		if whole := strconv.Quote(bytes); len(whole) <= most {
			return whole
		}
	}
	cut := []byte{'"'}
	for rest := bytes; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		next := strconv.Quote(rest[:size])
		next = next[1 : len(next)-1]
		if len(cut)+len(next)+len(`"...`) > most {
			break
		}
		cut = append(cut, next...)
		rest = rest[size:]
	}
	return string(cut) + `"...`
}

// when is a value that is only there under a condition.
func when(condition bool, value string) string {
	if condition {
		return value
	}
	return ""
}
