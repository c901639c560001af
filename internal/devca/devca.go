// Package devca is a certificate authority for development, and what it signs: certificates that a server and its clients
// on a few machines can use until there are real ones.
package devca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// CA signs certificates.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Pair is a certificate and its key, in PEM.
type Pair struct{ Cert, Key []byte }

// The names of the authority's files.
const (
	CACert = "ca.pem"
	CAKey  = "ca-key.pem"
)

// Open reads the authority in the directory, or makes one there that lasts ten years. It tells whether it was made.
func Open(dir string, now time.Time) (*CA, bool, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, CACert), filepath.Join(dir, CAKey))
	if err == nil {
		key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
		if !ok || !pair.Leaf.IsCA {
			return nil, false, fmt.Errorf("%s in %s is no authority of ours", CACert, dir)
		}
		return &CA{pair.Leaf, key}, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, false, fmt.Errorf("read the authority in %s: %w", dir, err)
	}
	ca, pair2, err := newCA(now)
	if err != nil {
		return nil, false, err
	}
	return ca, true, pair2.Write(filepath.Join(dir, CACert), filepath.Join(dir, CAKey))
}

func newCA(now time.Time) (*CA, Pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "rtevent development CA"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, Pair{}, err
	}
	ca := &CA{template, key}
	pair, err := ca.sign(template, key)
	if err != nil {
		return nil, Pair{}, err
	}
	block, _ := pem.Decode(pair.Cert)
	ca.cert, err = x509.ParseCertificate(block.Bytes)
	return ca, pair, err
}

// Server makes the certificate of a server that is reached by the names and addresses.
func (ca *CA) Server(hosts []string, until time.Time) (Pair, error) {
	if len(hosts) == 0 {
		return Pair{}, errors.New("a server's certificate needs a name")
	}
	template := leaf(hosts[0], until)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	return ca.leaf(template)
}

// Client makes the certificate of a client.
func (ca *CA) Client(name string, until time.Time) (Pair, error) {
	template := leaf(name, until)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return ca.leaf(template)
}

func leaf(name string, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  until,
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

func (ca *CA) leaf(template *x509.Certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	return ca.sign(template, key)
}

func (ca *CA) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return Pair{}, fmt.Errorf("sign a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}, nil
}

// Write writes the files, the key for this user alone. A file that is there is replaced as a whole.
func (p Pair) Write(cert, key string) error {
	if err := replace(key, p.Key, 0o600); err != nil {
		return err
	}
	return replace(cert, p.Cert, 0o644)
}

func replace(file string, b []byte, mode fs.FileMode) error {
	next := file + ".new"
	if err := os.WriteFile(next, b, mode); err != nil {
		return err
	}
	return os.Rename(next, file)
}
