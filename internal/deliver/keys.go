package deliver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"rtevent/internal/wire"
)

// Keys are the certificates of a server, from files that may change while it runs.
type Keys struct {
	cert, key, clientCA string
	now                 atomic.Pointer[tls.Config]
	loaded              [3]time.Time
}

// ReadKeys reads the server's certificate and key, and the CA of the client certificates unless that is "".
func ReadKeys(cert, key, clientCA string) (*Keys, error) {
	k := &Keys{cert: cert, key: key, clientCA: clientCA}
	_, err := k.Reload()
	return k, err
}

// Reload reads the files again if one was changed, and tells whether it was. When they cannot be read, or do not fit
// together, what was read before stays. It is called by one goroutine.
func (k *Keys) Reload() (bool, error) {
	var changed [3]time.Time
	for i, path := range []string{k.cert, k.key, k.clientCA} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return false, fmt.Errorf("read certificates: %w", err)
		}
		changed[i] = info.ModTime()
	}
	if k.now.Load() != nil && changed == k.loaded {
		return false, nil
	}
	c, err := k.read()
	if err != nil {
		return false, err
	}
	k.loaded = changed
	k.now.Store(c)
	return true, nil
}

func (k *Keys) read() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s and key %s: %w", k.cert, k.key, err)
	}
	c := &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{pair},
		NextProtos:   []string{wire.Protocol, "h2", "http/1.1"},
	}
	if k.clientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(k.clientCA)
	if err != nil {
		return nil, fmt.Errorf("read the clients' CA: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the clients' CA %s: %w", k.clientCA, errors.New("no certificate in it"))
	}
	c.ClientAuth = tls.VerifyClientCertIfGiven
	return c, nil
}

// Config takes each handshake's certificates from the latest reading. Sessions are not resumed: a certificate that was
// withdrawn must not live on in a ticket.
func (k *Keys) Config() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		SessionTicketsDisabled: true,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			c := k.now.Load().Clone()
			c.SessionTicketsDisabled = true
			return c, nil
		},
	}
}

// Expires is when the server's certificate does.
func (k *Keys) Expires() time.Time {
	leaf := k.now.Load().Certificates[0].Leaf
	if leaf == nil {
		return time.Time{}
	}
	return leaf.NotAfter
}
