// TLS: the handshake, what it tells, and what to ask inside.

package identify

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"

	"rtevent"
	"rtevent/internal/protocol"
)

// offers are the protocols offered in the handshake (ALPN), by their registered identifiers: those of HTTP and those of
// servers that insist on hearing theirs. HTTP/2 is offered only to who refused them (onlyHTTP2), since every other
// server of HTTP tells more in HTTP/1.1.
var (
	offers    = []string{"http/1.1", "rt-event/1", "imap", "pop3", "ftp", "mqtt", "postgresql", "xmpp-client", "irc", "dot"}
	onlyHTTP2 = []string{"h2"}
)

// agreedOn names the protocol for an identifier that a handshake agreed on.
var agreedOn = map[string]string{
	"h2": "http", "rt-event/1": "rt-event", "http/1.1": "http", "imap": "imap", "pop3": "pop3", "ftp": "ftp", "mqtt": "mqtt",
	"postgresql": "postgresql", "xmpp-client": "xmpp-client", "irc": "irc", "dot": "domain",
}

// http2Preface is what a client of HTTP/2 says first: the preface and empty settings (RFC 9113, section 3.4).
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// mostNames are kept of a certificate's.
const mostNames = 20

// secure begins TLS on a connection that the peer has accepted. It is false where there is no inside to go on with: what
// the peer said instead is then in heard, and what the handshake told before it failed in tls.
//
// Nothing is verified: whoever answers is described, not trusted.
func (c *conversation) secure(name string) bool {
	raw := c.conn
	raw.room, raw.early = mostTLS, make([]byte, 0, 4<<10)
	raw.SetDeadline(c.by(c.way.answer(c.pace)))
	raw.first = func() {
		raw.SetDeadline(c.until) // it is at work, and keys may be long
		c.first()
	}
	inside := tls.Client(raw, c.config(name))
	err := inside.Handshake()
	if err == nil {
		c.tls.ALPN = inside.ConnectionState().NegotiatedProtocol
		c.settle()
		c.conn = bind(inside, c.first)
		return true
	}
	c.sent = "TLS ClientHello"
	c.heard = string(raw.early)
	c.broke(err)
	var header tls.RecordHeaderError
	if errors.As(err, &header) {
		c.end = quiet
	}
	c.listen(c.pace.settle())
	return false
}

func (c *conversation) config(name string) *tls.Config {
	clientCert := false
	return &tls.Config{
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       everySuite(),
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}, // a hello that fits one packet
		ServerName:         name,
		NextProtos:         c.way.offer,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			clientCert = true
			if c.tls != nil {
				c.tls.ClientCert = true
			}
			return &tls.Certificate{}, nil
		},
		VerifyConnection: func(state tls.ConnectionState) error {
			c.tls = describe(state)
			c.tls.ClientCert = clientCert
			return nil
		},
	}
}

// everySuite includes the broken ones: they are what an old server speaks.
func everySuite() []uint16 {
	var ids []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, s.ID)
	}
	return ids
}

func describe(state tls.ConnectionState) *rtevent.TLS {
	t := &rtevent.TLS{
		Version: strings.TrimPrefix(tls.VersionName(state.Version), "TLS "),
		ALPN:    state.NegotiatedProtocol,
	}
	if len(state.PeerCertificates) > 0 {
		describeCertificate(t, state.PeerCertificates[0])
	}
	return t
}

func describeCertificate(t *rtevent.TLS, cert *x509.Certificate) {
	sum := sha256.Sum256(cert.Raw)
	t.SHA256 = hex.EncodeToString(sum[:])
	t.Subject, t.Issuer = clean(cert.Subject.String(), longText), clean(cert.Issuer.String(), longText)
	t.NotBefore, t.NotAfter = cert.NotBefore.UTC(), cert.NotAfter.UTC()
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	for _, name := range names[:min(len(names), mostNames)] {
		t.Names = append(t.Names, clean(name, longText))
	}
}

// settle decides in whose words to go on inside: in those that the handshake agreed on, else in those of whom a hint
// points to, else in those of HTTP.
func (c *conversation) settle() {
	w := &c.way
	agreed := protocol.Lookup(agreedOn[c.tls.ALPN])
	switch {
	case !w.open:
		return
	case c.tls.ALPN == "h2":
		w.name, w.def, w.say, w.greet = "tls h2", nil, http2Preface, nil
		return
	case agreed != nil:
		w.def = agreed
	case w.def == nil:
		w.def = protocol.Lookup("http")
	}
	if w.def == nil {
		return
	}
	w.name = "tls " + w.def.Name
	if w.def.Greets {
		w.greet = pace.patience
	}
}

// alertOf is the text of an alert that the peer sent; empty for every other error.
func alertOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return ""
}
