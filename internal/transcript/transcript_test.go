package transcript_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
	"rtevent/internal/transcript"
)

const sample = `# a server that was never written
# and its second line
over tls
want imap product="X" version="1.0" confidence="weak" auth="required" os="\"quoted\""
< "* OK\r\n"
> "a CAPABILITY\r\n"
> "b LOGOUT\r\n"
< "\x00\xff\r\n"
< close
`

func TestRead(t *testing.T) {
	got, err := transcript.Read(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := &transcript.Transcript{
		Notes: []string{"a server that was never written", "and its second line"},
		Over:  transcript.TLS,
		Want: &rtevent.Finding{
			Protocol: "imap", Product: "X", Version: "1.0", Confidence: rtevent.Weak,
			Details: map[string]string{"auth": "required", "os": `"quoted"`},
		},
		Turns: []transcript.Turn{
			{By: transcript.Server, Data: "* OK\r\n"},
			{By: transcript.Client, Data: "a CAPABILITY\r\nb LOGOUT\r\n"},
			{By: transcript.Server, Data: "\x00\xff\r\n"},
			{By: transcript.Server, Close: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want and got differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sample, written(t, got)); diff != "" {
		t.Errorf("written and read differ (-want +got):\n%s", diff)
	}
	if got, want := got.Reply(), "* OK\r\n\x00\xff\r\n"; got != want {
		t.Errorf("Reply: got %q, want %q", got, want)
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"hello\n":                               `line 1: unknown word "hello"`,
		"# fine\n\n> PING\n":                    "line 3: neither a quoted string nor the close of a stream",
		"over udp\n> close\n":                   "line 2: neither a quoted string nor the close of a stream",
		"> \"PING\n":                            "line 1: a string that is not quoted as in Go",
		"> \"PING\" \n":                         "line 1: a string that is not quoted as in Go",
		" > \"PING\"\n":                         "line 1: begins with a space",
		"over sctp\n":                           `line 1: unknown carrier "sctp"`,
		"> \"PING\"\nover udp\n":                "line 2: over comes before the conversation",
		"want\n":                                "line 1: want what?",
		"want ssh\nwant ftp\n":                  "line 2: a second want",
		"want ssh product=OpenSSH\n":            `line 1: want: not key="value": "product=OpenSSH"`,
		"want ssh confidence=\"fair\"\n":        `line 1: want: unknown confidence "fair"`,
		"want nothing product=\"X\"\n":          `line 1: want: not key="value": "product=\"X\""`,
		strings.Repeat("# long\n", 200_000):     "longer than 1048576 bytes",
		"over udp\n< \"datagram\"\n< close\n":   "line 3: neither a quoted string nor the close of a stream",
		"want ssh product=\"X\"version=\"1\"\n": `line 1: want: no space after product="X"`,
	} {
		_, err := transcript.Read(strings.NewReader(text))
		if err == nil || err.Error() != "read transcript: "+want {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}

// TestConnections holds that what is said after a close, by whichever side, is said on the next connection.
func TestConnections(t *testing.T) {
	const text = "> \"a\"\n< \"A\"\n< close\n> \"b\"\n< \"B\"\n> close\n< \"hi\"\n"
	tr, err := transcript.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, written(t, tr)); diff != "" {
		t.Errorf("read and written (-want +got):\n%s", diff)
	}
	var got []string
	for _, c := range tr.Connections() {
		got = append(got, written(t, c))
	}
	want := []string{"> \"a\"\n< \"A\"\n< close\n", "> \"b\"\n< \"B\"\n", "< \"hi\"\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want and got differ (-want +got):\n%s", diff)
	}
}

// FuzzRead holds that reading never panics, and that what was read can be written and read again as the same.
func FuzzRead(f *testing.F) {
	f.Add(sample)
	for file := range recorded(f) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := transcript.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := transcript.Read(strings.NewReader(written(t, first)))
		if err != nil {
			t.Fatalf("written and then unreadable: %v\n%s", err, written(t, first))
		}
		if diff := cmp.Diff(written(t, first), written(t, again)); diff != "" {
			t.Errorf("written twice and different:\n%s", diff)
		}
	})
}

func written(t testing.TB, tr *transcript.Transcript) string {
	t.Helper()
	var b bytes.Buffer
	if err := tr.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// recorded are the conversations with real servers that the readers are tested with.
func recorded(t testing.TB) map[string]*transcript.Transcript {
	t.Helper()
	files, err := filepath.Glob("../protocol/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded conversations: %v", err)
	}
	all := map[string]*transcript.Transcript{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if all[file], err = transcript.Read(bytes.NewReader(text)); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return all
}
