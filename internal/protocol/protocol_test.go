package protocol_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
		got := amount(connections(t, file, tr))
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

// TestConversations holds that what was recorded is what would be said today: every transcript replays as a server, its
// own Def talks to that, and the two have the same conversation. What another protocol's words made a server say is
// left out, and so are those who are never asked.
func TestConversations(t *testing.T) {
	var all sync.WaitGroup
	defer all.Wait()
	for file, tr := range transcripts(t, recorded) {
		if !tr.Want.Known() || strings.Contains(file, "-scolds-") {
			continue
		}
		d := protocol.Lookup(tr.Want.Protocol)
		if d.Hello == "" && d.Datagram == "" && !d.Greets {
			continue
		}
		for _, c := range connections(t, file, tr) {
			say := transcript.Lines{Hello: d.Hello, Talk: d.Talk, Bye: d.Bye}
			if tr.Over == transcript.UDP {
				say = transcript.Lines{Hello: d.Datagram, Talk: d.Talk}
			}
			if c.hello != "" {
				say = transcript.Lines{Hello: c.hello}
			}
			say.Quiet = 500 * time.Millisecond
			conn := replay(t, tr)
			all.Go(func() { checkConversation(t, file, c.Turns, conn, say) })
		}
	}
}

// checkConversation holds that a conversation is that which was recorded.
func checkConversation(t *testing.T, file string, recorded []transcript.Turn, conn net.Conn, say transcript.Lines) {
	got, err := transcript.Record(t.Context(), conn, say)
	if err != nil {
		t.Errorf("%s: %v", file, err)
	} else if diff := cmp.Diff(recorded, got.Turns); diff != "" {
		t.Errorf("%s: record it again: recorded and said today differ (-recorded +today):\n%s", file, diff)
	}
}

// replay connects to a server that answers as recorded. What was recorded over TLS is replayed without.
func replay(t *testing.T, tr *transcript.Transcript) net.Conn {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var at net.Addr
	if tr.Over == transcript.UDP {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at = conn.LocalAddr()
		go func() { done <- transcript.ServePacket(ctx, conn, tr) }()
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at = l.Addr()
		go func() { done <- transcript.Serve(ctx, l, tr) }()
	}
	conn, err := net.Dial(at.Network(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return conn
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
		hellos := []string{d.Hello, d.Datagram}
		if d.Next != nil {
			for _, q := range d.Next("") {
				hellos = append(hellos, q.Words)
			}
		}
		for _, hello := range hellos {
			checkOnly(t, "an echo of the hello of "+d.Name, hello, "echo")
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
