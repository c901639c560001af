package identify_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"rtevent/internal/identify"
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
