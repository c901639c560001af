package deliver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtevent/internal/devca"
)

// authority is a CA in a directory, a server certificate, and a client's that lasts as long as said.
func authority(t *testing.T, dir string, clientLasts time.Duration) (roots *x509.CertPool, client tls.Certificate) {
	t.Helper()
	ca, _, err := devca.Open(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ca.Server([]string{"localhost", "127.0.0.1"}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Write(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem")); err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Client("web1", time.Now().Add(clientLasts))
	if err != nil {
		t.Fatal(err)
	}
	if client, err = tls.X509KeyPair(pair.Cert, pair.Key); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, devca.CACert))
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots, client
}

// secureServer is a server with TLS on both of its listeners, and tokens.
func secureServer(t *testing.T, dir string, m *memory, log *slog.Logger) (plain, secure string, access *Access, keys *Keys) {
	t.Helper()
	keys, err := ReadKeys(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem"), filepath.Join(dir, devca.CACert))
	if err != nil {
		t.Fatal(err)
	}
	if access, err = ReadAccess(filepath.Join(dir, "tokens")); err != nil {
		t.Fatal(err)
	}
	access.Certificates = true
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	run(t, Options{Log: m, Access: access, TLS: keys.Config(), Software: "rtevent/test", Node: "lab", Logger: log, Limits: Limits{Greeting: 50 * time.Millisecond, Handshake: 300 * time.Millisecond}},
		Listener{Listener: listeners[0]}, Listener{Listener: listeners[1], TLS: true})
	return listeners[0].Addr().String(), listeners[1].Addr().String(), access, keys
}

func dialTLS(t *testing.T, address string, c *tls.Config) *caller {
	t.Helper()
	conn, err := tls.Dial("tcp", address, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{t, conn, bufio.NewReaderSize(conn, 256<<10)}
}

const secret = "a-long-and-random-token-that-nobody-may-see"

func writeTokens(t *testing.T, dir string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "tokens"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func tokenLine(rights string) string {
	sum := sha256.Sum256([]byte(secret))
	return "alice sha256:" + hex.EncodeToString(sum[:]) + " " + rights
}

// TestTLS speaks every dialect inside TLS, on the port for TLS and on the other.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	writeTokens(t, dir, tokenLine("subscribe=doors.> publish=doors.lab"), "web1 cert:web1 subscribe=>", "local loopback subscribe=open.>")
	roots, client := authority(t, dir, time.Hour)
	var log bytes.Buffer
	plain, secure, access, _ := secureServer(t, dir, newMemory(2<<20), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))

	for _, address := range []string{plain, secure} {
		c := dialTLS(t, address, &tls.Config{RootCAs: roots, NextProtos: []string{"rt-event/1"}})
		c.word("ready") // at once
		c.say(`{"rt":"sub","topics":["doors.>"]}`)
		c.fault(403) // loopback has rights, and not those
		c.say(`{"rt":"auth","token":"wrong"}`)
		c.fault(401)
		c.say(`{"rt":"auth","token":"` + secret + `"}`)
		c.word("ok")
		c.say(`{"rt":"sub"}`)
		c.fault(403) // all is more than doors
		c.say(`{"rt":"sub","topics":["doors.>"]}`)
		c.word("ok")
		c.word("live")
		c.say(event(1, "doors.hall"))
		c.fault(403)

		d := dialTLS(t, address, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{client}})
		d.say(`{"rt":"sub"}`) // without ALPN the first bytes tell
		d.word("ready")
		d.word("ok")
		d.word("live")
		d.say(event(1, "doors.lab"))
		d.fault(403)
	}
	h := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	r, err := http.NewRequest("GET", "https://"+secure+"/events?topic=doors.lab&until=live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	resp, err := h.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, resp); resp.ProtoMajor != 2 || resp.StatusCode != 200 || !strings.Contains(text, `"rt":"live"`) {
		t.Errorf("HTTP/%d %d %s", resp.ProtoMajor, resp.StatusCode, text)
	}
	resp.Body.Close()
	h.CloseIdleConnections()

	// A token that is withdrawn is withdrawn at once, also from those who are subscribed.
	c := dialTLS(t, secure, &tls.Config{RootCAs: roots, NextProtos: []string{"rt-event/1"}})
	c.say(`{"rt":"auth","token":"`+secret+`"}`, `{"rt":"sub","topics":["doors.>"],"mark":1}`)
	c.word("ready")
	c.word("ok")
	c.word("ok")
	c.word("live")
	writeTokens(t, dir, "# nobody")
	if changed, err := access.Reload(); !changed || err != nil {
		t.Fatalf("the tokens are not read again: %v", err)
	}
	m := c.line()
	for m["rt"] == "mark" {
		m = c.line()
	}
	if m["rt"] != "bye" || m["code"] != 401.0 {
		t.Errorf("the withdrawn token is told %v", m)
	}
	if strings.Contains(log.String(), secret) || strings.Contains(log.String(), "wrong") {
		t.Error("a token is in the log")
	}
}

// TestCertificates replaces the server's certificate while it runs, and lets a client's expire in flight.
func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	writeTokens(t, dir, "web1 cert:web1 subscribe=>")
	roots, client := authority(t, dir, 2500*time.Millisecond)
	m := newMemory(2 << 20)
	_, secure, _, keys := secureServer(t, dir, m, nil)
	c := dialTLS(t, secure, &tls.Config{RootCAs: roots, NextProtos: []string{"rt-event/1"}, Certificates: []tls.Certificate{client}})
	c.word("ready")
	c.say(`{"rt":"sub","mark":1}`)
	c.word("ok")
	first := c.Conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber

	authority(t, dir, time.Hour)
	if changed, err := keys.Reload(); !changed || err != nil {
		t.Fatalf("the certificates are not read again: %v", err)
	}
	d := dialTLS(t, secure, &tls.Config{RootCAs: roots, NextProtos: []string{"rt-event/1"}})
	if again := d.Conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber; again.Cmp(first) == 0 {
		t.Error("the new certificate is not used")
	}
	if err := os.WriteFile(filepath.Join(dir, "server.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Reload(); err == nil {
		t.Error("a broken certificate is accepted")
	}
	dialTLS(t, secure, &tls.Config{RootCAs: roots, NextProtos: []string{"rt-event/1"}}).word("ready")

	for deadline := time.Now().Add(8 * time.Second); ; {
		w := c.line()
		if w["rt"] == "bye" {
			if w["code"] != 401.0 || !strings.Contains(w["text"].(string), "expired") {
				t.Errorf("the expired certificate is told %v", w)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the expired certificate goes on")
		}
	}
	if _, err := tls.Dial("tcp", secure, &tls.Config{RootCAs: roots, NextProtos: []string{"rt-event/1"}, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 is spoken")
	}
}
