package protocol_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"rtevent"
	"rtevent/internal/protocol"
)

// TestCut holds that a reply that is cut anywhere is told with less confidence or not at all, but never as something
// else: no other protocol, no other product, no other version.
func TestCut(t *testing.T) {
	for file, tr := range transcripts(t, recorded, negative) {
		for _, c := range connections(t, file, tr) {
			checkCut(t, file, c, tr.Want)
		}
	}
}

func checkCut(t *testing.T, file string, c spoken, want *rtevent.Finding) {
	const most = 2000 // cuts
	reply := c.Reply()
	for n := 0; n < len(reply); n += 1 + len(reply)/most {
		for _, f := range c.read(reply[:n]) {
			checkFinding(t, f)
			if f.Confidence == rtevent.Strong && f.Protocol != want.Protocol ||
				f.Protocol == want.Protocol && !sameOrLess(f, want) {
				t.Errorf("%s: the first %d bytes are read as %s %q %q", file, n, f.Protocol, f.Product, f.Version)
			}
		}
	}
}

// sameOrLess tells a finding that says nothing else than another: at most the platform of its product.
func sameOrLess(f rtevent.Finding, want *rtevent.Finding) bool {
	if protocol.Platform(f) && !protocol.Platform(*want) {
		return true
	}
	return (f.Product == "" || f.Product == want.Product) && (f.Version == "" || f.Version == want.Version)
}

// TestJoined holds that what comes after a reply does not make it another protocol's.
func TestJoined(t *testing.T) {
	all := transcripts(t, recorded)
	for file, tr := range all {
		for _, next := range all {
			if next.Want.Protocol != tr.Want.Protocol {
				checkOnly(t, file, tr.Reply()+next.Reply(), tr.Want.Protocol)
			}
		}
	}
}

// FuzzRead holds that no reader panics or says what is not fit to be printed, whatever it reads; and that neither cutting
// a recorded reply nor what follows it makes it another protocol's.
func FuzzRead(f *testing.F) {
	all := transcripts(f, recorded)
	files := slices.Sorted(maps.Keys(all))
	for i, file := range files {
		f.Add(all[file].Reply(), uint16(i), uint16(len(all[file].Reply())/2))
	}
	for _, tr := range transcripts(f, negative) {
		f.Add(tr.Reply(), uint16(0), uint16(0))
	}
	f.Fuzz(func(t *testing.T, reply string, which, cut uint16) {
		for _, found := range protocol.Read(reply) {
			checkFinding(t, found)
		}
		file := files[int(which)%len(files)]
		own := all[file]
		checkOnly(t, file, own.Reply()+reply, own.Want.Protocol)
		checkOnly(t, file, own.Reply()[:min(int(cut), len(own.Reply()))], own.Want.Protocol)
	})
}

// checkOnly holds that nothing but one protocol is read with confidence.
func checkOnly(t *testing.T, file, reply, own string) {
	t.Helper()
	for _, f := range protocol.Read(reply) {
		checkFinding(t, f)
		if f.Confidence == rtevent.Strong && f.Protocol != own {
			t.Errorf("%s: cut or continued, it is read as %s: %.100q", file, f.Protocol, reply)
		}
	}
}

// checkFinding holds what every finding keeps: a known name, a confidence, short evidence, and clean short text.
func checkFinding(t *testing.T, f rtevent.Finding) {
	t.Helper()
	if d := protocol.Lookup(f.Protocol); d == nil || d.Name != f.Protocol {
		t.Errorf("%q is the name of no Def", f.Protocol)
	}
	if f.Confidence != rtevent.Strong && f.Confidence != rtevent.Weak {
		t.Errorf("%s: confidence %q", f.Protocol, f.Confidence)
	}
	if len(f.Evidence) != 1 || f.Evidence[0].Says == "" || f.Evidence[0].Saw == "" || len(f.Evidence[0].Saw) > 160 {
		t.Errorf("%s: evidence %+v", f.Protocol, f.Evidence)
	}
	words := []string{f.Product, f.Version, f.Evidence[0].Says, f.Evidence[0].Saw}
	for key, value := range f.Details {
		words = append(words, key, value)
		if value == "" {
			t.Errorf("%s: detail %s is empty", f.Protocol, key)
		}
	}
	for _, word := range words {
		if len(word) > 160 || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%s: not fit to print: %q", f.Protocol, word)
		}
	}
}

// BenchmarkRead is the cost of reading one reply with every reader.
func BenchmarkRead(b *testing.B) {
	var replies []string
	for _, tr := range transcripts(b, recorded, negative) {
		replies = append(replies, tr.Reply())
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		protocol.Read(replies[i%len(replies)])
	}
}

// BenchmarkReadUnknown is that cost for a reply that nobody knows.
func BenchmarkReadUnknown(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		protocol.Read("hello, stranger\r\nwho are you?\r\n")
	}
}
