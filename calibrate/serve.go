// Serving: every kind of server of the corpus, each on a loopback port of its own while it is asked.

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"

	"rtevent/internal/transcript"
	"rtevent/testbed"
)

// A start brings up a server and says where it listens. stop ends it and waits for that.
type start func(ctx context.Context) (at netip.AddrPort, stop func() error, err error)

// listening starts what serves the connections of a listener, inside TLS if that is how it is carried.
func listening(over transcript.Carrier, secure *tls.Config, serve func(context.Context, net.Listener) error) start {
	return func(ctx context.Context) (netip.AddrPort, func() error, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return netip.AddrPort{}, nil, fmt.Errorf("listen: %w", err)
		}
		at := l.Addr().(*net.TCPAddr).AddrPort()
		if over == transcript.TLS {
			l = tls.NewListener(l, secure)
		}
		return at, background(ctx, func(ctx context.Context) error { return serve(ctx, l) }), nil
	}
}

// packets starts what serves the datagrams of a socket.
func packets(serve func(context.Context, net.PacketConn) error) start {
	return func(ctx context.Context) (netip.AddrPort, func() error, error) {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return netip.AddrPort{}, nil, fmt.Errorf("listen: %w", err)
		}
		at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
		return at, background(ctx, func(ctx context.Context) error { return serve(ctx, conn) }), nil
	}
}

// background runs serve until stop is called, which waits for its end.
func background(ctx context.Context, serve func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- serve(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// replayed starts a server that answers as was recorded.
func replayed(manner string, secure *tls.Config, all ...*transcript.Transcript) start {
	if all[0].Over == transcript.UDP {
		return packets(func(ctx context.Context, conn net.PacketConn) error {
			return transcript.ServePacket(ctx, conn, all...)
		})
	}
	return listening(all[0].Over, secure, func(ctx context.Context, l net.Listener) error {
		return transcript.Serve(ctx, mannered{l, manner}, all...)
	})
}

// A peer is what a server does with each connection, which is closed when it returns.
type peer func(net.Conn)

// talking starts a server that treats every connection alike.
func talking(over transcript.Carrier, secure *tls.Config, treat peer) start {
	return listening(over, secure, func(ctx context.Context, l net.Listener) error {
		defer context.AfterFunc(ctx, func() { l.Close() })()
		var served sync.WaitGroup
		defer served.Wait()
		for {
			conn, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			} else if err != nil {
				return fmt.Errorf("accept: %w", err)
			}
			served.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				treat(conn)
			})
		}
	})
}

// program starts an odd server of the test bed.
func program(odd string, args ...string) start {
	return func(context.Context) (netip.AddrPort, func() error, error) {
		o, err := testbed.StartOdd(odd, append(args, "127.0.0.1:0")...)
		if err != nil {
			return netip.AddrPort{}, nil, err
		}
		stop := func() error { o.Stop(); return nil }
		at, err := netip.ParseAddrPort(o.Address)
		if err != nil {
			stop()
			return netip.AddrPort{}, nil, fmt.Errorf("odd server %v: %w", args, err)
		}
		return at, stop, nil
	}
}

// selfSigned is TLS as a server has it whose certificate nobody vouches for.
func selfSigned() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "calibrate.example.test"},
		DNSNames:     []string{"calibrate.example.test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
