// Patterns: JSON in which a text such as "${at:cursor}" stands for what is not known beforehand.

package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// names are what was bound while a vector runs.
type names map[string]string

var (
	hole   = regexp.MustCompile(`^\$\{([a-z0-9]*)(?::(.*))?\}$`)
	inText = regexp.MustCompile(`\$\{([a-z0-9]+)\}`)
	cursor = regexp.MustCompile(`^[a-z0-9]{4,16}\.(0|[1-9][0-9]{0,19})$`)
)

// fill puts what was bound into a text.
func (n names) fill(text string) (string, error) {
	var missing error
	filled := inText.ReplaceAllStringFunc(text, func(s string) string {
		name := s[2 : len(s)-1]
		value, ok := n[name]
		if !ok && missing == nil {
			missing = fmt.Errorf("the vector uses ${%s}, which nothing has bound", name)
		}
		return value
	})
	return filled, missing
}

// matchLine holds what was seen against a pattern: every member of the pattern must be there and fit; further members are
// free to be there.
func (n names) matchLine(pattern string, seen []byte) error {
	want, err := decode([]byte(pattern))
	if err != nil {
		return fmt.Errorf("the vector's pattern %s: %w", pattern, err)
	}
	have, err := decode(seen)
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	bound := names{} // a line that does not fit binds nothing
	for k, v := range n {
		bound[k] = v
	}
	if err := bound.match("", want, have); err != nil {
		return err
	}
	for k, v := range bound {
		n[k] = v
	}
	return nil
}

func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("something follows the value")
	}
	return v, nil
}

// absent is what a member that is not there, or is null, is matched as.
type absent struct{}

func (n names) match(where string, want, have any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := have.(map[string]any)
		if !ok {
			return differ(where, "an object", have)
		}
		for name, pattern := range want {
			var value any = absent{}
			if v, ok := object[name]; ok && v != nil {
				value = v
			}
			if err := n.match(where+"."+name, pattern, value); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := have.([]any)
		if !ok || len(list) != len(want) {
			return differ(where, fmt.Sprintf("a list of %d", len(want)), have)
		}
		for i := range want {
			if err := n.match(fmt.Sprintf("%s[%d]", where, i), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		return n.matchText(where, want, have)
	default:
		if want != have {
			return differ(where, show(want), have)
		}
		return nil
	}
}

// matchText matches a text, or what stands in its stead.
func (n names) matchText(where, want string, have any) error {
	parts := hole.FindStringSubmatch(want)
	if parts == nil || parts[2] == "" && n[parts[1]] != "" {
		filled, err := n.fill(want)
		if err != nil {
			return err
		}
		if text, ok := plain(have); !ok || text != filled {
			return differ(where, show(filled), have)
		}
		return nil
	}
	if err := kindOf(parts[2], have); err != nil {
		return differ(where, err.Error(), have)
	}
	if text, ok := plain(have); ok && parts[1] != "" {
		n[parts[1]] = text
	}
	return nil
}

// kindOf holds a value against a kind and says what was wanted.
func kindOf(kind string, have any) error {
	text, scalar := plain(have)
	_, isText := have.(string)
	_, isNumber := have.(json.Number)
	ok := false
	word, rest, _ := strings.Cut(kind, " ")
	switch word {
	case "":
		_, gone := have.(absent)
		ok, kind = !gone, "anything"
	case "absent":
		_, ok = have.(absent)
	case "cursor":
		ok = isText && cursor.MatchString(text)
	case "text":
		ok = isText && text != ""
	case "int":
		ok = isNumber && !strings.ContainsAny(text, ".eE")
	case "list":
		var list []any
		list, ok = have.([]any)
		ok, kind = ok && len(list) > 0, "a list that is not empty"
	case "in":
		ok = scalar && slices.Contains(strings.Fields(rest), text)
	case "like":
		re, err := regexp.Compile("^(?:" + rest + ")$")
		if err != nil {
			return err
		}
		ok = scalar && re.MatchString(text)
	default:
		return fmt.Errorf("the vector's kind %q, which does not exist", kind)
	}
	if !ok {
		return errors.New(kind)
	}
	return nil
}

// plain is the text of a scalar.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	default:
		return "", false
	}
}

func differ(where, want string, have any) error {
	if where = strings.TrimPrefix(where, "."); where == "" {
		where = "the line"
	}
	if _, gone := have.(absent); gone {
		return fmt.Errorf("%s is missing, want %s", where, want)
	}
	return fmt.Errorf("%s is %s, want %s", where, show(have), want)
}

// show writes a value for a person, bounded.
func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	return clip(string(b), 200)
}

// clip bounds what is shown of what somebody sent.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
