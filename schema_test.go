package rtevent_test

import (
	"reflect"
	"strings"
	"testing"

	"rtevent"
)

// TestSchemaIsDocumented holds that docs/json.md names every field of every word.
func TestSchemaIsDocumented(t *testing.T) {
	doc := read(t, "docs/json.md")
	seen := map[reflect.Type]bool{}
	for _, word := range []any{rtevent.Listener{}, rtevent.Endpoint{}, rtevent.Practice{}, rtevent.Coverage{}, rtevent.ListenerChange{}} {
		checkFields(t, doc, reflect.TypeOf(word), seen)
	}
}

func checkFields(t *testing.T, doc string, word reflect.Type, seen map[reflect.Type]bool) {
	for word.Kind() == reflect.Pointer || word.Kind() == reflect.Slice {
		word = word.Elem()
	}
	if word.Kind() != reflect.Struct || word.PkgPath() != reflect.TypeFor[rtevent.Listener]().PkgPath() || seen[word] {
		return
	}
	seen[word] = true
	for i := range word.NumField() {
		field := word.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			t.Errorf("%s.%s has no JSON name", word.Name(), field.Name)
		}
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/json.md does not name `%s` of %s", name, word.Name())
		}
		checkFields(t, doc, field.Type, seen)
	}
}
