package examples

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rtevent/client/rteventtest"
)

// TestEventSource opens the page in a real browser, behind a proxy that breaks its first connection: the browser must come
// again and say where it was.
func TestEventSource(t *testing.T) {
	needs(t, "chromium")
	addr := rteventtest.Start(t).Address
	shell(t, "post", addr, "doors.lab", `{"open":true}`)
	page, err := os.ReadFile("eventsource.html")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 8)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	proxy.FlushInterval = -1
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.UserAgent(), "Chrome") {
			asked <- r.Header.Get("Last-Event-ID")
		}
		if r.Header.Get("Last-Event-ID") == "" {
			w = &breaking{ResponseWriter: w}
		}
		r.Host, r.Header["X-Forwarded-For"] = addr, nil // as a proxy that is not told to add it
		proxy.ServeHTTP(w, r)
	})
	front := httptest.NewServer(mux)
	defer front.Close()
	defer front.CloseClientConnections()
	browser := exec.CommandContext(t.Context(), "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", front.URL+"/?topic=doors.%3E")
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	defer browser.Wait()
	defer browser.Process.Kill()
	var places []string
	for timeout := time.After(60 * time.Second); len(places) < 2; {
		select {
		case place := <-asked:
			places = append(places, place)
		case <-timeout:
			t.Fatalf("the browser asked %d times: %q", len(places), places)
		}
	}
	if places[0] != "" || !strings.HasSuffix(places[1], ".1") {
		t.Errorf("the browser asked from %q", places)
	}
}

// breaking breaks a connection once live has passed.
type breaking struct {
	http.ResponseWriter
	passed strings.Builder
}

func (b *breaking) Write(p []byte) (int, error) {
	if strings.Contains(b.passed.String(), "event: live") && strings.HasSuffix(b.passed.String(), "\n\n") {
		return 0, fmt.Errorf("broken on purpose")
	}
	n, err := b.ResponseWriter.Write(p)
	b.passed.Write(p[:n])
	if strings.Contains(b.passed.String(), "event: live") && strings.HasSuffix(b.passed.String(), "\n\n") {
		http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// Unwrap lets the proxy flush.
func (b *breaking) Unwrap() http.ResponseWriter { return b.ResponseWriter }
