package identify_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"rtevent"
	"rtevent/internal/identify"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// TestRecorded asks every recorded server again, replayed: knowing the program that holds the socket, knowing the usual
// port, and, where it was recorded what it makes of a stranger's hello, knowing nothing. Each time it must get the name,
// product and version that were recorded; and one connection must do for who is true to its owner's name.
func TestRecorded(t *testing.T) {
	for file, tr := range nativeTranscripts(t) {
		d := protocol.Lookup(tr.Want.Protocol)
		if d == nil {
			t.Errorf("%s: nobody asks for %s", file, tr.Want.Protocol)
			continue
		}
		if d.Hello == "" && d.Datagram == "" && !d.Greets {
			continue // it is known when it is heard, but never asked
		}
		server := []*transcript.Transcript{tr}
		scolding := strings.TrimSuffix(file, ".txt") + scolds
		_, err := os.Stat(scolding)
		if err == nil {
			server = append(server, readTranscript(t, scolding))
		}
		stranger := err == nil || d.Greets && tr.Over != transcript.UDP || d.Name == "http" || d.Name == "domain"
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			target := replayed(t, server...)
			check := func(how string, most int) {
				t.Helper()
				var f rtevent.Finding
				for range 3 { // on a busy machine a server may be late, but not each time
					if f = identify.New(identify.Options{}).Ask(t.Context(), target); f.Connections <= most {
						break
					}
				}
				confirm(t, how, server, f)
				if f.Connections > most {
					t.Errorf("%s: %d connections (%v), want at most %d", how, f.Connections, f.Tried, most)
				}
			}
			if stranger {
				check("a stranger", 6)
			}
			atPort := target.Listener.Port
			if port := usualPort(d, tr); port != 0 {
				target.Listener.Port = port
				check("usual port", 6)
				target.Listener.Port = atPort
			}
			if len(d.Programs) > 0 {
				target.Listener.Holders = []rtevent.Owner{{Exe: "/usr/sbin/" + d.Programs[0].Exe}}
				check("owner", ownerCost(d, tr))
			}
		})
	}
}

// usualPort is where a recorded server would usually be; 0 if that may be anywhere.
func usualPort(d *protocol.Def, tr *transcript.Transcript) uint16 {
	switch {
	case tr.Over == transcript.TLS && len(d.SecurePorts) > 0:
		return d.SecurePorts[0]
	case len(d.Ports) > 0:
		return d.Ports[0]
	default:
		return 0
	}
}

// scolds ends the name of what was recorded when a server was asked in the words of HTTP.
const scolds = "-scolds-http.txt"

// nativeTranscripts are those that were recorded in the protocol's own words.
func nativeTranscripts(t *testing.T) map[string]*transcript.Transcript {
	t.Helper()
	files, err := filepath.Glob("../protocol/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	all := map[string]*transcript.Transcript{}
	for _, file := range files {
		tr := readTranscript(t, file)
		if tr.Want.Known() && tr.Want.Protocol != "tls" && !strings.Contains(file, "-scolds-") {
			all[file] = tr
		}
	}
	return all
}

// TestLookAlikes asks servers that say what resembles a protocol and is none, or is another.
func TestLookAlikes(t *testing.T) {
	files, err := filepath.Glob("../protocol/testdata/negative/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no look-alikes", err)
	}
	asker := identify.New(identify.Options{Connections: 6 * len(files)})
	var asks sync.WaitGroup
	for _, file := range files {
		tr := readTranscript(t, file)
		target := replayed(t, tr)
		asks.Go(func() {
			f := asker.Ask(t.Context(), target)
			if f.Known() && f.Protocol != "tls" && (f.Protocol != tr.Want.Protocol || f.Product != tr.Want.Product) {
				t.Errorf("%s: got %q %q %q, %q", filepath.Base(file), f.Protocol, f.Product, f.Version, f.Confidence)
			}
			printable(t, f)
		})
	}
	asks.Wait()
}

// TestPretenders asks who says whatever it takes to be believed: a greeting that comes only when it is asked for, and
// echoes that alter what they return.
func TestPretenders(t *testing.T) {
	answers := func(answer func(said string) string) peer {
		return func(conn net.Conn) {
			for buf := make([]byte, 4<<10); ; {
				n, err := conn.Read(buf)
				if err != nil {
					return
				}
				io.WriteString(conn, answer(string(buf[:n])))
			}
		}
	}
	for name, answer := range map[string]func(string) string{
		"a greeting":  func(string) string { return "SSH-2.0-OpenSSH_9.2p1\r\n" },
		"in capitals": strings.ToUpper,
		"in part":     func(said string) string { return said[:min(len(said), 14)] },
	} {
		f := identify.New(identify.Options{}).Ask(t.Context(), serve(t, answers(answer)).Target)
		if f.Confidence == rtevent.Strong {
			t.Errorf("%s: got %q, %q (%v)", name, f.Protocol, f.Confidence, f.Tried)
		}
	}
}

// TestHangsUp asks a server that hangs up on every hello but its own, which nothing points to.
func TestHangsUp(t *testing.T) {
	tr := readTranscript(t, "../protocol/testdata/postgresql-15-scram.txt")
	s := serve(t, knowsOnly(protocol.Lookup("postgresql").Hello, tr.Reply()))
	f := identify.New(identify.Options{}).Ask(t.Context(), s.Target)
	if f.Protocol != "postgresql" || f.Connections > 6 {
		t.Errorf("got %q after %v", f.Protocol, f.Tried)
	}
}

// TestGoodbye holds that whoever is asked in its own words is left as its own clients leave.
func TestGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan string, 1)
		target := piped(t, func(conn net.Conn) {
			io.WriteString(conn, "SSH-2.0-OpenSSH_9.2p1\r\n")
			all, _ := io.ReadAll(conn)
			heard <- string(all)
		})
		identify.New(identify.Options{}).Ask(t.Context(), target)
		if got, want := <-heard, protocol.Lookup("ssh").Bye; got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	})
}

// confirm compares a finding with what was recorded of a server in its own words, first, and in others', of which it may
// have heard some or not.
func confirm(t *testing.T, how string, server []*transcript.Transcript, f rtevent.Finding) {
	t.Helper()
	tr, want := server[0], server[0].Want
	told := slices.ContainsFunc(server, func(tr *transcript.Transcript) bool { return f.Product == tr.Want.Product })
	if f.Protocol != want.Protocol || !told || f.Version != want.Version {
		t.Errorf("%s: got %q %q %q, want %q %q %q (%v)", how, f.Protocol, f.Product, f.Version, want.Protocol, want.Product, want.Version, f.Tried)
	}
	if f.Behaviour != rtevent.Answers || (f.TLS != nil) != (tr.Over == transcript.TLS) {
		t.Errorf("%s: got %q, TLS %v", how, f.Behaviour, f.TLS)
	}
	if f.Known() && len(f.Evidence) == 0 {
		t.Error("no evidence")
	}
	printable(t, f)
}

// ownerCost is how many connections one may cost who is true to its owner's name: one, and one more where nothing says
// that an odd port is the one with TLS, one for every other protocol that the same program speaks, and one for every
// further question; two where it hung up on the first, since it may have waited for TLS.
func ownerCost(d *protocol.Def, tr *transcript.Transcript) int {
	all := tr.Connections()
	cost := len(all) - 1
	if all[0].Reply() == "" {
		cost++
	}
	if cost == 0 && d.Next != nil && len(d.Next(all[0].Reply())) > 0 { // only the first page was recorded
		cost++
	}
	for _, other := range protocol.All {
		if slices.ContainsFunc(other.Programs, func(p protocol.Program) bool { return p.Exe == d.Programs[0].Exe }) {
			cost++
		}
	}
	if tr.Over == transcript.TLS {
		cost++
	}
	return cost
}

func readTranscript(t *testing.T, file string) *transcript.Transcript {
	t.Helper()
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	tr, err := transcript.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// replayed serves what was recorded of one server until the test ends.
func replayed(t *testing.T, server ...*transcript.Transcript) identify.Target {
	t.Helper()
	over := server[0].Over
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if over == transcript.UDP {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { done <- transcript.ServePacket(ctx, conn, server...) }()
		return udp(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{}
	s.aim(l.Addr().(*net.TCPAddr).AddrPort())
	if over == transcript.TLS {
		l = tls.NewListener(l, certified(t, "a.example"))
	}
	go func() { done <- transcript.Serve(ctx, l, server...) }()
	return s.Target
}
