package transcript_test

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent/internal/transcript"
)

// TestReplay replays every recorded conversation as a server, says the client's part to it, and records that: it must
// be the same conversation on each connection.
func TestReplay(t *testing.T) {
	for file, want := range recorded(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			for _, one := range want.Connections() {
				r := transcript.NewRecorder(dial(t, want))
				for _, turn := range one.Turns {
					if err := follow(r, turn, want.Over); err != nil {
						t.Fatalf("%c %.40q: %v", turn.By, turn.Data, err)
					}
				}
				if diff := cmp.Diff(one.Turns, r.Transcript().Turns); diff != "" {
					t.Errorf("recorded and replayed differ (-recorded +replayed):\n%s", diff)
				}
			}
		})
	}
}

// TestReplayOfOneServer holds that several conversations with one server are told apart by what the client says, and
// that nothing is answered to what was never said.
func TestReplayOfOneServer(t *testing.T) {
	read := func(s string) *transcript.Transcript {
		tr, err := transcript.Read(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	one := read("< \"hi\\n\"\n> \"a\\n\"\n< \"A\\n\"\n> \"b\\n\"\n< \"B\\n\"\n< close\n")
	two := read("< \"ho\\n\"\n> \"a\\n\"\n< \"A\\n\"\n> \"c\\n\"\n< \"C\\n\"\n")
	three := read("< \"hu\\n\"\n> \"a\\nb\\n\"\n< \"both\\n\"\n")
	for _, c := range []struct {
		say  []string
		want string
	}{
		{[]string{"a\n", "b\n"}, "hi\nA\nB\n"},
		{[]string{"a\n", "c\n"}, "hi\nA\nC\n"},
		{[]string{"a\nb\n"}, "hi\nboth\n"},
		{[]string{"x\n"}, "hi\n"},
		{[]string{"a\n", "x\n"}, "hi\nA\n"},
	} {
		conn := dial(t, one, two, three)
		var got strings.Builder
		for _, words := range c.say {
			io.WriteString(&got, hear(conn, 50*time.Millisecond))
			io.WriteString(conn, words)
		}
		io.WriteString(&got, hear(conn, 200*time.Millisecond))
		if got.String() != c.want {
			t.Errorf("%q: got %q, want %q", c.say, got.String(), c.want)
		}
	}
}

// TestRecord records a conversation of four parts: greeting, talk, farewell and the server's end.
func TestRecord(t *testing.T) {
	const text = "< \"220 hi\\r\\n\"\n> \"FEAT\\r\\n\"\n< \"211 none\\r\\n\"\n> \"QUIT\\r\\n\"\n< \"221 bye\\r\\n\"\n< close\n"
	want, err := transcript.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := transcript.Record(t.Context(), dial(t, want), transcript.Lines{
		Talk: func(rw io.ReadWriter, heard string) string {
			io.WriteString(rw, "FEAT\r\n")
			buf := make([]byte, 100)
			n, _ := rw.Read(buf)
			return heard + string(buf[:n])
		},
		Bye:   "QUIT\r\n",
		Quiet: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, written(t, got)); diff != "" {
		t.Errorf("want and got differ (-want +got):\n%s", diff)
	}
}

// follow does the client's part of one turn.
func follow(r *transcript.Recorder, turn transcript.Turn, over transcript.Carrier) error {
	if turn.By == transcript.Client {
		_, err := io.WriteString(r, turn.Data)
		return err
	}
	if over == transcript.UDP {
		_, err := r.Read(make([]byte, 64<<10))
		return err
	}
	if turn.Close {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	_, err := io.ReadFull(r, make([]byte, len(turn.Data)))
	return err
}

// hear reads until the server was quiet for a while.
func hear(conn net.Conn, quiet time.Duration) string {
	conn.SetReadDeadline(time.Now().Add(quiet))
	heard, _ := io.ReadAll(conn)
	conn.SetReadDeadline(time.Time{})
	return string(heard)
}

// dial serves conversations with one server, until the test ends, and connects to it. TLS is left out: it is the
// listener's affair.
func dial(t *testing.T, all ...*transcript.Transcript) net.Conn {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var address net.Addr
	if all[0].Over == transcript.UDP {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = conn.LocalAddr()
		go func() { done <- transcript.ServePacket(ctx, conn, all...) }()
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = l.Addr()
		go func() { done <- transcript.Serve(ctx, l, all...) }()
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial(address.Network(), address.String())
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { conn.Close() })
	return conn
}
