package deliver

import (
	"bufio"
	"bytes"
	"net"
	"testing"
)

// BenchmarkPublish is one publisher and one subscriber, over loopback.
func BenchmarkPublish(b *testing.B) {
	m := newMemory(8 << 20)
	s, err := New(Options{Log: m})
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go s.Run(b.Context(), Listener{Listener: l})
	pub, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer pub.Close()
	acked := make(chan struct{})
	go func() {
		in := bufio.NewReaderSize(pub, 64<<10)
		for n := 0; n < b.N; {
			line, err := in.ReadSlice('\n')
			if err != nil {
				break
			}
			if bytes.HasPrefix(line, []byte(`{"rt":"ack"`)) {
				n++
			}
		}
		close(acked)
	}()
	lines := make([][]byte, b.N)
	for n := range lines {
		lines[n] = []byte(event(n, "a") + "\n")
	}
	b.ResetTimer()
	w := bufio.NewWriterSize(pub, 64<<10)
	for _, line := range lines {
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
	w.Flush()
	<-acked
}
