package deliver

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestBrowserIsNotGreeted uses a connection as browsers do: it is opened, silent for longer than anybody else may be, and
// then takes a request.
func TestBrowserIsNotGreeted(t *testing.T) {
	address := start(t, Options{Limits: Limits{Greeting: 300 * time.Millisecond}})
	silent, err := net.Dial("tcp", address) // before the server can know who it is
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	r, _ := http.NewRequest(http.MethodGet, "http://"+address+"/healthz", nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")
	if answer, err := http.DefaultClient.Do(r); err != nil || answer.Body.Close() != nil {
		t.Fatal(err)
	}
	_ = silent.SetReadDeadline(time.Now().Add(time.Second))
	if n, err := silent.Read(make([]byte, 1)); n != 0 || err == io.EOF {
		t.Fatalf("a connection that a browser keeps ready is greeted (%d bytes, %v)", n, err)
	}
	_ = silent.SetReadDeadline(time.Now().Add(5 * time.Second))
	if err := r.Write(silent); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(silent), r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("its request is answered with %v, %v", answer, err)
	}

	typed, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer typed.Close()
	if _, err := typed.Write([]byte("\n")); err != nil { // whoever speaks is answered at once, a browser or not
		t.Fatal(err)
	}
	_ = typed.SetReadDeadline(time.Now().Add(5 * time.Second))
	if line, err := bufio.NewReader(typed).ReadString('\n'); err != nil || !strings.Contains(line, `"rt":"ready"`) {
		t.Errorf("pressing Enter is answered with %q, %v", line, err)
	}
}

// TestBrowsersBounded knows no more addresses than it may.
func TestBrowsersBounded(t *testing.T) {
	var b browsers
	from := netip.MustParseAddr("10.0.0.0")
	for range mostBrowsers + 100 {
		from = from.Next()
		b.asks(from)
	}
	if len(b.from) != mostBrowsers || b.at(from) {
		t.Errorf("%d addresses are known", len(b.from))
	}
	for _, l := range b.from {
		l.requests, l.last = 0, time.Now().Add(-2*browserAway)
	}
	if b.asks(from)(); len(b.from) != 1 || !b.at(from) {
		t.Errorf("%d addresses are known after all others left", len(b.from))
	}
}
