package datagram_test

import (
	"net"
	"testing"
	"time"

	"rtevent/internal/datagram"
)

// TestAnyPort asks a server that answers from another port than it was asked on; what another host says is not heard.
func TestAnyPort(t *testing.T) {
	server := listen(t, "127.0.0.1:0")
	elsewhere, stranger := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.2:0")
	conn, err := datagram.Dial(t.Context(), &net.Dialer{}, datagram.AnyPort, server.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, client, err := server.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "question" {
		t.Fatalf("heard %q, %v", buf[:n], err)
	}
	stranger.WriteTo([]byte("lie"), client)
	elsewhere.WriteTo([]byte("answer"), client)
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "answer" {
		t.Errorf("got %q, %v", buf[:n], err)
	}
	if got := conn.RemoteAddr().String(); got != server.LocalAddr().String() {
		t.Errorf("asks %s", got)
	}
}

func listen(t *testing.T, address string) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skip(err) // 127.0.0.2 is not everywhere
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
