package words

import (
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "nginx 1.22.1", "nginx 1.22.1"},
		{"umlaut", "Müller", "Müller"},
		{"terminal escape", "\x1b[2J\x1b]0;owned\x07", `\x1b[2J\x1b]0;owned\x07`},
		{"line break", "a\r\nb", `a\x0d\x0ab`},
		{"C1 control", "a\u009bb", `a\u009bb`},
		{"text that runs backwards", "exe\u202efdp", `exe\u202efdp`},
		{"no width", "a\u200bb", `a\u200bb`},
		{"broken UTF-8", "a\xffb", `a\xffb`},
	} {
		if got := Printable(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31m\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		for _, r := range got {
			if unsafeRune(r) {
				t.Fatalf("%q came out of %q", r, s)
			}
		}
	})
}

func TestPhrases(t *testing.T) {
	for _, c := range []struct {
		width int
		parts []string
		want  string
	}{
		{0, []string{"ssh.service", "", "package intact", "root"}, "ssh.service, package intact, root"},
		{30, []string{"ssh.service", "package intact", "root"}, "ssh.service, package intact"},
		{20, []string{"ssh.service", "package intact", "root"}, "ssh.service, root"},
		{6, []string{"ssh.service", "root"}, "ssh.s…"},
		{10, nil, ""},
	} {
		got := Phrases(c.width, c.parts...)
		if got != c.want {
			t.Errorf("phrases(%d, %q) = %q, want %q", c.width, c.parts, got, c.want)
		}
		if c.width > 0 && utf8.RuneCountInString(got) > c.width {
			t.Errorf("phrases(%d, %q) = %q is too wide", c.width, c.parts, got)
		}
	}
}
