package deliver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent/internal/deliver"
	"rtevent/internal/journal"
)

// TestCertificateExpiresInFlight lets the server's certificate expire under a client: who is connected stays so, and who
// comes later is not deceived.
func TestCertificateExpiresInFlight(t *testing.T) {
	const lasts = 4 * time.Second
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(lasts), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	addr := serveTLS(t, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
	trusting := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost", NextProtos: []string{"rt-event/1"}}
	trusting.RootCAs.AddCert(cert)
	c, err := tls.Dial("tcp", addr, trusting)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(time.Until(cert.NotAfter) + 1500*time.Millisecond) // it is exact to the second
	if _, err := tls.Dial("tcp", addr, trusting); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("after its end the certificate is taken: %v", err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, `{"rt":"ping","n":1}`+"\n"); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(c)
	for line := ""; !strings.Contains(line, `"pong"`); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("who was connected is cut: %v", err)
		}
	}
}

func serveTLS(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"rt-event/1"}, Certificates: []tls.Certificate{cert}}
	s, err := deliver.New(deliver.Options{Log: j, Software: "rtevent/test", Node: "test", TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = j.Run(ctx) })
	serving.Go(func() {
		if err := s.Run(ctx, deliver.Listener{Listener: l}); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { stop(); serving.Wait() })
	return l.Addr().String()
}
