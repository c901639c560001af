package protocol_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// TestTranscripts holds that every recorded conversation is read by its own reader, as its "want" line says and no
// more, and by no other; and that every Def owns one.
func TestTranscripts(t *testing.T) {
	owned := map[string]bool{}
	for file, tr := range transcripts(t, recorded, negative) {
		if tr.Want == nil {
			t.Errorf("%s: has no want line", file)
			continue
		}
		owned[tr.Want.Protocol] = true
		var want []rtevent.Finding
		if tr.Want.Known() {
			want = []rtevent.Finding{*tr.Want}
		}
		got := protocol.Read(tr.Reply())
		if diff := cmp.Diff(want, plain(got)); diff != "" {
			t.Errorf("%s: want and got differ (-want +got):\n%s%s", file, diff, suggestion(tr, got))
		}
	}
	for _, d := range protocol.All {
		if !owned[d.Name] {
			t.Errorf("%s owns no transcript: record one from a real server", d.Name)
		}
	}
}

// TestHellos holds that what was recorded is what would be asked today. A server that scolds was asked in the words of
// another protocol.
func TestHellos(t *testing.T) {
	for file, tr := range transcripts(t, recorded) {
		if tr.Want == nil || !tr.Want.Known() || strings.Contains(file, "-scolds-") {
			continue
		}
		d := protocol.Lookup(tr.Want.Protocol)
		hello := d.Hello
		if tr.Over == transcript.UDP {
			hello = d.Datagram
		}
		if !strings.HasPrefix(tr.Sent(), hello) {
			t.Errorf("%s: was recorded with another hello than %s has: record it again", file, d.Name)
		}
	}
}

// TestDefs holds what identify relies on.
func TestDefs(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range protocol.All {
		for _, name := range append(append([]string{d.Name}, d.Claims...), d.SecureClaims...) {
			if seen[name] {
				t.Errorf("%s: the name %s is taken", d.Name, name)
			}
			seen[name] = true
		}
		if d.Greets && d.Hello != "" {
			t.Errorf("%s: who speaks first?", d.Name)
		}
		if f, ok := d.Read(""); ok {
			t.Errorf("%s: reads %s in silence", d.Name, f.Protocol)
		}
	}
}

// plain leaves of findings what a transcript can want.
func plain(all []rtevent.Finding) []rtevent.Finding {
	var out []rtevent.Finding
	for _, f := range all {
		f.Evidence = nil
		out = append(out, f)
	}
	return out
}

// suggestion is the want line that would agree with what was read.
func suggestion(tr *transcript.Transcript, got []rtevent.Finding) string {
	if len(got) != 1 {
		return ""
	}
	var b strings.Builder
	(&transcript.Transcript{Over: transcript.TCP, Want: &got[0]}).Write(&b)
	return b.String()
}

// The transcripts: recorded ones, and look-alikes that are partly made by hand.
const (
	recorded = "testdata/*.txt"
	negative = "testdata/negative/*.txt"
)

func transcripts(t testing.TB, patterns ...string) map[string]*transcript.Transcript {
	t.Helper()
	all := map[string]*transcript.Transcript{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			all[file] = readTranscript(t, file)
		}
	}
	return all
}

func readTranscript(t testing.TB, file string) *transcript.Transcript {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := transcript.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return tr
}
