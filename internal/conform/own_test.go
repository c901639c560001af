package conform

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
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
	for _, r := range hold(t, serveOwn(t), vectors(t, Server)) {
		switch {
		case r.Outcome == Fail:
			t.Errorf("%s (%s line %d): %s\n  %s", r.ID, r.Vector, r.Line, r.Why, strings.Join(r.Talk, "\n  "))
		case r.Outcome == Skip && !regexp.MustCompile(`does not ask`).MatchString(r.Why):
			t.Errorf("%s skipped: %s", r.ID, r.Why)
		}
	}
}

func serveOwn(t *testing.T) string {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := deliver.New(deliver.Options{Log: j, Software: "rtevent/test", Node: "test", Durable: "always", TLS: certified(t)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
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
	return l.Addr().String()
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
