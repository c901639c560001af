// Strict JSON: what encoding/json lets pass, and what two readers could understand differently, is refused.

package wire

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep the objects and arrays of a line may lie in each other.
const maxDepth = 64

// scanner walks over one JSON text.
type scanner struct {
	text   []byte
	at     int
	broken bool // white space outside of strings ends a line somewhere
}

// members calls visit for each member of the object that the text is. Names that occur twice are refused, and so is
// everything that is no JSON in UTF-8: broken escapes, lone surrogates, control characters. The value is as written.
func (s *scanner) members(visit func(name string, value []byte) error) error {
	var seen names
	s.space()
	err := s.object(1, func(name string, value []byte) error {
		if seen.twice(name) {
			return fmt.Errorf("the name %q occurs twice", name)
		}
		return visit(name, value)
	})
	if err != nil {
		return err
	}
	if s.space(); s.at < len(s.text) {
		return fmt.Errorf("byte %d: more than one object on the line", s.at+1)
	}
	return nil
}

// names are those of an object's members. Events have few: those are compared one by one, without a map.
type names struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

// twice adds a name and tells whether it was there.
func (n *names) twice(name string) bool {
	for _, have := range n.few[:n.n] {
		if have == name {
			return true
		}
	}
	if n.n < len(n.few) {
		n.few[n.n] = name
		n.n++
		return false
	}
	if n.many == nil {
		n.many = map[string]struct{}{}
	}
	_, twice := n.many[name]
	n.many[name] = struct{}{}
	return twice
}

func (s *scanner) space() {
	for ; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\r', '\n':
			s.broken = true
		case ' ', '\t':
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end: no JSON text holds a 0.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) unexpected(want string) error {
	if s.at >= len(s.text) {
		return fmt.Errorf("the line ends where %s should be", want)
	}
	return fmt.Errorf("byte %d is %q where %s should be", s.at+1, s.text[s.at], want)
}

func (s *scanner) take(c byte, want string) error {
	if s.peek() != c {
		return s.unexpected(want)
	}
	s.at++
	return nil
}

func (s *scanner) object(depth int, visit func(name string, value []byte) error) error {
	if err := s.take('{', "an object"); err != nil {
		return err
	}
	for s.space(); s.peek() != '}'; s.space() {
		from := s.at
		if err := s.str(); err != nil {
			return err
		}
		name := s.text[from:s.at]
		s.space()
		if err := s.take(':', "a colon"); err != nil {
			return err
		}
		s.space()
		from = s.at
		if err := s.value(depth); err != nil {
			return err
		}
		if visit != nil {
			if err := visit(unquote(name), s.text[from:s.at]); err != nil {
				return err
			}
		}
		if s.space(); s.peek() != ',' {
			break
		}
		s.at++
		if s.space(); s.peek() != '"' {
			return s.unexpected("a name")
		}
	}
	return s.take('}', "a comma or the object's end")
}

func (s *scanner) array(depth int) error {
	s.at++
	for s.space(); s.peek() != ']'; s.space() {
		if err := s.value(depth); err != nil {
			return err
		}
		if s.space(); s.peek() != ',' {
			break
		}
		s.at++
		if s.space(); s.peek() == ']' {
			return s.unexpected("a value")
		}
	}
	return s.take(']', "a comma or the array's end")
}

func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '"':
		return s.str()
	case c == '{' || c == '[':
		if depth == maxDepth {
			return fmt.Errorf("byte %d: nested deeper than %d", s.at+1, maxDepth)
		}
		if c == '{' {
			return s.object(depth+1, nil)
		}
		return s.array(depth + 1)
	case c == '-' || digit(c):
		return s.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if len(s.text)-s.at >= len(word) && string(s.text[s.at:s.at+len(word)]) == word {
			s.at += len(word)
			return nil
		}
	}
	return s.unexpected("a value")
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) digits() error {
	if !digit(s.peek()) {
		return s.unexpected("a digit")
	}
	for digit(s.peek()) {
		s.at++
	}
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.peek() == '.' {
		s.at++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		return s.digits()
	}
	return nil
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (p [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		p[c] = c != '"' && c != '\\'
	}
	return p
}()

// str walks over a string.
func (s *scanner) str() error {
	if err := s.take('"', "a string"); err != nil {
		return err
	}
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c < ' ':
			return fmt.Errorf("byte %d: the control character %#x in a string", s.at+1, c)
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < utf8.RuneSelf:
			for s.at++; s.at < len(s.text) && plain[s.text[s.at]]; {
				s.at++
			}
		default:
			r, size := utf8.DecodeRune(s.text[s.at:])
			if r == utf8.RuneError && size == 1 {
				return fmt.Errorf("byte %d is not UTF-8", s.at+1)
			}
			s.at += size
		}
	}
	return s.unexpected("the string's end")
}

func (s *scanner) escape() error {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
	default:
		return s.unexpected("an escape")
	}
	unit, err := s.unit()
	switch {
	case err != nil:
		return err
	case unit < 0xd800 || unit > 0xdfff:
		return nil
	case unit < 0xdc00 && s.peek() == '\\':
		if s.at++; s.peek() == 'u' {
			if low, err := s.unit(); err == nil && low >= 0xdc00 && low <= 0xdfff {
				return nil
			}
		}
	}
	return fmt.Errorf("byte %d: half of a surrogate pair", s.at+1)
}

// unit reads the "uXXXX" of an escape.
func (s *scanner) unit() (rune, error) {
	s.at++
	var unit rune
	for range 4 {
		c := s.peek()
		switch {
		case digit(c):
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, s.unexpected("a hexadecimal digit")
		}
		s.at++
	}
	return unit, nil
}

// unquote returns what a string that the scanner accepted says.
func unquote(quoted []byte) string {
	for _, c := range quoted {
		if c == '\\' {
			var s string
			_ = json.Unmarshal(quoted, &s) // the scanner was stricter
			return s
		}
	}
	return usual(quoted[1 : len(quoted)-1])
}

// usual is a text, which takes no memory of its own if it is one that nearly every line has.
func usual(text []byte) string {
	switch string(text) {
	case "specversion":
		return "specversion"
	case "id":
		return "id"
	case "source":
		return "source"
	case "type":
		return "type"
	case "topic":
		return "topic"
	case "time":
		return "time"
	case "data":
		return "data"
	case "datacontenttype":
		return "datacontenttype"
	case "1.0":
		return "1.0"
	}
	return string(text)
}
