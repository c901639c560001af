package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// TestPrintJSON holds that what is printed is one line without any character that a terminal could obey, and means what
// it was given.
func TestPrintJSON(t *testing.T) {
	for _, s := range []string{
		"plain <b>&", "über 日本 🙂", "\x1b[2J\x00\r\n\t", "\u009b31m \u0085 \x7f", "\u202e\u2066\u200f\u061c", "\u2028\u00ad\ufeff", "\U000e0001\U0010ffff",
	} {
		var out bytes.Buffer
		if err := printJSON(&out, map[string]string{s: s}); err != nil {
			t.Fatal(err)
		}
		line, ended := strings.CutSuffix(out.String(), "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !ended {
			t.Errorf("%+q is printed as %+q", s, line)
		}
		var got map[string]string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{s: s}, got); diff != "" {
			t.Errorf("%+q changed: %s", s, diff)
		}
	}
}

// TestPrintEvent holds the same of an Event, in every text of it.
func TestPrintEvent(t *testing.T) {
	for _, s := range []string{"plain <b>&", `"quoted" \`, "über 日本 🙂", "\x1b[2J\x00\r\n\t", "\u009b31m \u0085 \x7f", "\u202e\u2066", "\u2028\ufeff"} {
		data, err := json.MarshalIndent(map[string]string{s: s}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want := rtevent.Event{ID: s, Source: s, Type: s, Topic: s, Subject: s, DataSchema: s, Extensions: map[string]any{"note": s}, Data: data}
		var out, compact bytes.Buffer
		if err := printJSON(&out, want); err != nil {
			t.Fatal(err)
		}
		line, ended := strings.CutSuffix(out.String(), "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !ended {
			t.Errorf("%+q is printed as %+q", s, line)
		}
		var got rtevent.Event
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*rtevent.Event{&want, &got} { // whatever is escaped, data is the same value
			var value any
			if err := json.Unmarshal(e.Data, &value); err != nil {
				t.Fatal(err)
			}
			e.Data, _ = json.Marshal(value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+q changed: %s", s, diff)
		}
		if json.Compact(&compact, out.Bytes()) != nil || compact.String() != line {
			t.Errorf("%+q is not compact", line)
		}
	}
}
