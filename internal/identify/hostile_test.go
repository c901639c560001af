package identify_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"rtevent"
	"rtevent/internal/identify"
)

// TestHostilePeers asks servers that try to cost time, memory or a mistake: each is bounded in all three, and gets one
// finding that can be shown.
func TestHostilePeers(t *testing.T) {
	checkLeaks(t)
	const head = "HTTP/1.1 200 OK\r\nServer: widget/1.2\r\n"
	for name, c := range map[string]struct {
		peer     peer
		protocol string // any: "*"
	}{
		"endless banner":            {streams, ""},
		"endless line":              {func(c net.Conn) { repeat(c, strings.Repeat("A", 4096)) }, ""},
		"endless header":            {afterHello(head, "X-More: and more of it\r\n"), "*"},
		"endless body":              {afterHello(head+"Content-Type: text/html\r\n\r\n", "<p>more</p>"), "http"},
		"gzip bomb":                 {always(head + "Content-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n" + gzipped(64<<20)), "http"},
		"chunks of absurd length":   {always(head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx"), "http"},
		"deep JSON":                 {always(head + "Content-Type: application/json\r\n\r\n" + strings.Repeat("[", 60000)), "http"},
		"TLS record of 65535 bytes": {always("\x16\x03\x03\xff\xff\x02" + strings.Repeat("\x00", 4000)), "*"},
		"TLS handshake of 16 MiB":   {always("\x16\x03\x03\x40\x00\x02\xff\xff\xff\x03\x03" + strings.Repeat("\x00", 16<<10)), "*"},
		"certificate of a megabyte": {inTLS(obese(t), silent), "*"},
		"invalid UTF-8":             {always("\xff\xfe\x80\xc3\x28 \xed\xa0\x80 \xf0\x9f\r\n"), ""},
		"invalid UTF-8 in a name":   {always("HTTP/1.1 200 OK\r\nServer: \xff\xfe\x1b[2J/1.0\r\nContent-Length: 0\r\n\r\n"), "http"},
		"a byte at a time":          {bytewise(head + "Content-Length: 2\r\n\r\nok"), "*"},
		"never a whole byte":        {silent, ""},
		"reset at once":             {func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, ""},
		"reset on data":             {resets, ""},
		"reset in the answer":       {func(c net.Conn) { c.Read(make([]byte, 1)); io.WriteString(c, head); c.(*net.TCPConn).SetLinger(0) }, "*"},
		"reset in the TLS handshake": {func(c net.Conn) {
			c.Read(make([]byte, 1))
			io.WriteString(c, "\x16\x03\x03")
			c.(*net.TCPConn).SetLinger(0)
		}, ""},
		"never closes": {always("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nend"), "http"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, c.peer)
			before := allocated()
			begun := time.Now()
			f := identify.New(identify.Options{}).Ask(t.Context(), server.Target)
			took, memory := time.Since(begun), allocated()-before
			if took > 10*time.Second || f.Connections > 24 || memory > 64<<20 {
				t.Errorf("took %v, %d connections, %d MiB", took, f.Connections, memory>>20)
			}
			if c.protocol != "*" && f.Protocol != c.protocol {
				t.Errorf("got %q (%s), want %q; tried %v", f.Protocol, f.Confidence, c.protocol, f.Tried)
			}
			if f.Confidence == rtevent.None && f.Behaviour == "" {
				t.Errorf("nothing is said of it: %+v", f)
			}
			printable(t, f)
		})
	}
}

// allocated is how much memory was ever taken.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// repeat says the same until nobody listens.
func repeat(c net.Conn, words string) {
	for {
		if _, err := io.WriteString(c, words); err != nil {
			return
		}
	}
}

// afterHello answers whatever it is told with a beginning and then without end.
func afterHello(begin, more string) peer {
	return func(c net.Conn) {
		c.Read(make([]byte, 4<<10))
		io.WriteString(c, begin)
		repeat(c, more)
	}
}

// bytewise answers in single bytes, as fast as they go.
func bytewise(answer string) peer {
	return func(c net.Conn) {
		c.Read(make([]byte, 4<<10))
		for i := range answer {
			if _, err := c.Write([]byte(answer[i : i+1])); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		silent(c)
	}
}

// gzipped is so many zeros, packed.
func gzipped(size int) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.CopyN(w, zeros{}, int64(size))
	w.Close()
	return packed.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// obese is the configuration of a TLS server with a certificate of a megabyte.
func obese(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 20000 {
		names = append(names, fmt.Sprintf("%05d.%s.example", i, strings.Repeat("x", 40)))
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "obese"}, DNSNames: names, NotAfter: time.Unix(4e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
