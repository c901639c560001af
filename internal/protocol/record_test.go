package protocol_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"flag"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

var (
	record = flag.String("record", "", "hold the conversation of PROTOCOL@[tls:|udp:]HOST:PORT and print it as a transcript")
	note   = flag.String("note", "", "the heading of what is recorded")
	hello  = flag.String("hello", "", "say this, quoted as in Go, instead of the protocol's own hello; - says nothing")
	scrub  = flag.String("scrub", "", "OLD=NEW[,OLD=NEW...] of equal length: replaced in what is recorded")
)

// TestRecord records from a real server:
//
//	go test ./internal/protocol -run Record -record redis@127.0.0.1:6379 -note "redis-server 7.0.15 from Debian 12"
func TestRecord(t *testing.T) {
	if *record == "" {
		t.Skip("records only when it is told where, with -record")
	}
	name, address, _ := strings.Cut(*record, "@")
	d := protocol.Lookup(name)
	if d == nil {
		t.Fatalf("no protocol %q", name)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	conn, say := dial(ctx, t, d, address)
	defer conn.Close()
	if *hello != "" {
		words, _ := strconv.Unquote(*hello)
		say = transcript.Lines{Hello: words}
	}
	tr, err := transcript.Record(ctx, conn, say)
	if err != nil {
		t.Fatal(err)
	}
	tr.Notes = []string{*note}
	if d.Next != nil && *hello == "" {
		further(ctx, t, d, tr, address)
	}
	if got := amount(connections(t, address, withWant(tr, d))); len(got) == 1 {
		tr.Want = &got[0]
	}
	var out bytes.Buffer
	if err := tr.Write(&out); err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString(scrubbed(out.String()))
}

// further asks what goes on from the first answer, as long as there is more to learn, and adds that to the transcript.
func further(ctx context.Context, t *testing.T, d *protocol.Def, tr *transcript.Transcript, address string) {
	const most = 3 // questions
	asked := map[string]bool{}
	questions := d.Next(tr.Reply())
	for len(questions) > 0 && len(asked) < most {
		q := questions[0]
		questions = questions[1:]
		if asked[q.Words] {
			continue
		}
		asked[q.Words] = true
		conn, _ := dial(ctx, t, d, address)
		c, err := transcript.Record(ctx, conn, transcript.Lines{Hello: q.Words})
		conn.Close()
		if err != nil {
			t.Fatal(err)
		}
		tr.Continue(c)
		if got := q.Reading(c.Reply()); len(got) > 0 && !protocol.Platform(got[0]) {
			return
		}
		if c.Reply() != "" {
			questions = append(d.Next(c.Reply()), questions...)
		}
	}
}

// withWant is a transcript that wants no more yet than a protocol.
func withWant(tr *transcript.Transcript, d *protocol.Def) *transcript.Transcript {
	c := *tr
	c.Want = &rtevent.Finding{Protocol: d.Name}
	return &c
}

func dial(ctx context.Context, t *testing.T, d *protocol.Def, address string) (net.Conn, transcript.Lines) {
	say := transcript.Lines{Hello: d.Hello, Talk: d.Talk, Bye: d.Bye}
	var conn net.Conn
	var err error
	if secure, ok := strings.CutPrefix(address, "tls:"); ok {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		conn, err = dialer.DialContext(ctx, "tcp", secure)
	} else if datagram, ok := strings.CutPrefix(address, "udp:"); ok {
		say = transcript.Lines{Hello: d.Datagram, Talk: d.Talk}
		conn, err = new(net.Dialer).DialContext(ctx, "udp", datagram)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn, say
}

func scrubbed(s string) string {
	for pair := range strings.SplitSeq(*scrub, ",") {
		if from, to, ok := strings.Cut(pair, "="); ok {
			s = strings.ReplaceAll(s, from, to)
		}
	}
	return s
}
