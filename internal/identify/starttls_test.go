package identify_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"rtevent"
	"rtevent/internal/identify"
	"rtevent/internal/transcript"
)

// TestStartTLS asks a mail server that begins TLS when it is asked to: the handshake is told apart from one at the
// beginning, and the farewell is said inside.
func TestStartTLS(t *testing.T) {
	for name, granted := range map[string]bool{"granted": true, "refused": false} {
		t.Run(name, func(t *testing.T) {
			config := certified(t, "mail.example")
			synctest.Test(t, func(t *testing.T) {
				var farewell string
				target := piped(t, func(conn net.Conn) { farewell = mailServer(conn, config, granted) })
				f := identify.New(identify.Options{}).Ask(t.Context(), target)
				synctest.Wait()
				if f.Protocol != "smtp" || f.TLS != nil || f.Connections != 1 {
					t.Errorf("got %q, TLS %v, by %v", f.Protocol, f.TLS, f.Tried)
				}
				if (f.StartTLS != nil) != granted || granted && f.StartTLS.Names[0] != "mail.example" {
					t.Errorf("STARTTLS: %+v", f.StartTLS)
				}
				if farewell != "QUIT" {
					t.Errorf("the farewell was %q", farewell)
				}
			})
		})
	}
}

// mailServer serves one client until it says farewell, which is returned.
func mailServer(conn net.Conn, config *tls.Config, granted bool) (farewell string) {
	io.WriteString(conn, "220 mail.example ESMTP\r\n")
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		switch word := strings.TrimSpace(line); {
		case err != nil:
			return farewell
		case strings.HasPrefix(word, "EHLO"):
			io.WriteString(conn, "250-mail.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
		case word == "STARTTLS" && granted:
			io.WriteString(conn, "220 go ahead\r\n")
			conn = tls.Server(conn, config)
			lines = bufio.NewReader(conn)
		case word == "STARTTLS":
			io.WriteString(conn, "454 not now\r\n")
		default:
			farewell = word
			io.WriteString(conn, "221 bye\r\n")
			return farewell
		}
	}
}

// TestStartTLSFirst asks servers whose clients begin TLS before they say anything: what was recorded of them is answered
// inside.
func TestStartTLSFirst(t *testing.T) {
	for name, c := range map[string]struct {
		recorded string
		serve    func(*testing.T, net.Conn, *tls.Config, []transcript.Turn)
		exe      string
		version  string
	}{
		"postgresql": {"../protocol/testdata/postgresql-15-trust.txt", postgresServer, "/bin/postgres", "15.18"},
		"mysql":      {"testdata/mysql-mariadb-10.11-starttls.txt", mysqlServer, "/bin/mariadbd", "10.11.19"},
	} {
		t.Run(name, func(t *testing.T) {
			config := certified(t, "db.example")
			turns := readTranscript(t, c.recorded).Turns
			synctest.Test(t, func(t *testing.T) {
				target := piped(t, func(conn net.Conn) { c.serve(t, conn, config, turns) })
				target.Listener.Holders = []rtevent.Owner{{Exe: c.exe}}
				f := identify.New(identify.Options{}).Ask(t.Context(), target)
				if f.Protocol != name || f.Version != c.version || f.TLS != nil || f.Connections != 1 {
					t.Errorf("got %q %q, TLS %v, by %v", f.Protocol, f.Version, f.TLS, f.Tried)
				}
				if f.StartTLS == nil || f.StartTLS.Names[0] != "db.example" {
					t.Errorf("STARTTLS: %+v", f.StartTLS)
				}
			})
		})
	}
}

// postgresServer grants TLS in one letter.
func postgresServer(t *testing.T, conn net.Conn, config *tls.Config, turns []transcript.Turn) {
	hears(t, conn, turns[0].Data)
	io.WriteString(conn, "S")
	inside := tls.Server(conn, config)
	hears(t, inside, turns[2].Data)
	io.WriteString(inside, turns[3].Data)
	hears(t, inside, turns[4].Data)
	ends(t, inside)
}

// mysqlServer greets, hears the beginning of a login, and goes on inside.
func mysqlServer(t *testing.T, conn net.Conn, config *tls.Config, turns []transcript.Turn) {
	io.WriteString(conn, turns[0].Data)
	begin, login := turns[1].Data[:36], turns[1].Data[36:]
	hears(t, conn, begin)
	inside := tls.Server(conn, config)
	hears(t, inside, login)
	io.WriteString(inside, turns[2].Data)
	ends(t, inside)
}

// hears holds that the client says this next.
func hears(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("the server heard %q, want %q: %v", got, want, err)
	}
}

// ends holds that the client ends TLS before it leaves.
func ends(t *testing.T, inside net.Conn) {
	t.Helper()
	if _, err := inside.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the client left with %v", err)
	}
}
