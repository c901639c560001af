package conform

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent/internal/deliver"
	"rtevent/internal/journal"
)

// TestOwnServer holds our own server against the specification: it offers everything, and meets it.
func TestOwnServer(t *testing.T) {
	t.Parallel()
	for _, r := range hold(t, serveOwn(t, nil), vectors(t, Server)) {
		switch {
		case r.Outcome == Fail:
			t.Errorf("%s (%s line %d): %s\n  %s", r.ID, r.Vector, r.Line, r.Why, strings.Join(r.Talk, "\n  "))
		case r.Outcome == Skip && !regexp.MustCompile(`does not ask`).MatchString(r.Why):
			t.Errorf("%s skipped: %s", r.ID, r.Why)
		}
	}
}

// TestOwnServerFromOutside holds our own server as it is seen from beyond loopback: in TLS, and only with a token.
func TestOwnServerFromOutside(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-this-test-0123456789"
	file := filepath.Join(t.TempDir(), "tokens")
	line := fmt.Sprintf("tester sha256:%x subscribe=> publish=conform.>\n", sha256.Sum256([]byte(token)))
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	access, err := deliver.ReadAccess(file)
	if err != nil {
		t.Fatal(err)
	}
	target := Target{Addr: serveOwn(t, access), TLS: &tls.Config{InsecureSkipVerify: true}, Token: token, Patience: 3 * time.Second}
	var results []Result
	if err := CheckServer(t.Context(), target, vectors(t, Server), func(r []Result) { results = append(results, r...) }); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Outcome != Pass {
			t.Errorf("%s (%s line %d): %s: %s\n  %s", r.ID, r.Vector, r.Line, r.Outcome, r.Why, strings.Join(r.Talk, "\n  "))
		}
		if strings.Contains(strings.Join(r.Talk, ""), token) {
			t.Errorf("%s shows the token", r.ID)
		}
	}
}

// outside is a listener whose clients come from far away.
type outside struct{ net.Listener }

type farConn struct{ net.Conn }

func (l outside) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return farConn{c}, nil
}

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 40000} }

// serveOwn starts our server until the test ends; with an access, as seen from outside.
func serveOwn(t *testing.T, access *deliver.Access) string {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := deliver.New(deliver.Options{Log: j, Software: "rtevent/test", Node: "test", Durable: "always", Access: access, TLS: certified(t)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if access != nil {
		l = outside{l}
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := j.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("journal: %v", err)
		}
	})
	serving.Go(func() {
		if err := s.Run(ctx, deliver.Listener{Listener: l}); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { stop(); serving.Wait() })
	return addr
}

// certified is TLS 1.3 with a certificate of this moment.
func certified(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{"rt-event/1", "h2", "http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}
}
