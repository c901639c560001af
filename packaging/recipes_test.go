package packaging

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestWebhook runs the recipe against a webhook that is not well at first and takes no event of one kind.
func TestWebhook(t *testing.T) {
	tool(t, "/usr/bin/python3")
	read(t, "recipes/webhook.py")
	var mu sync.Mutex
	var got []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return // a scanner, or whoever looks after this host
		}
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		switch got = append(got, string(body)); {
		case r.Header.Get("Content-Type") != "application/cloudevents+json" || r.Header.Get("Authorization") != "Bearer secret":
			t.Errorf("headers %v", r.Header)
		case len(got) <= 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case strings.Contains(string(body), `"id":"2"`):
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	defer hook.Close()
	event := func(id, cursor string) string {
		return `{"specversion":"1.0","type":"t","source":"//lab","id":"` + id + `","topic":"a","cursor":"` + cursor + `"}`
	}
	file := filepath.Join(t.TempDir(), "cursor")
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "recipes/webhook.py", hook.URL, file)
	cmd.Env = append(os.Environ(), "WEBHOOK_TOKEN=secret")
	cmd.Stdin = strings.NewReader(strings.Join([]string{event("1", "ep01.5"), `{"rt":"mark","at":"ep01.6"}`, "", event("2", "ep01.7"), event("3", "ep01.9")}, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "secret") {
		t.Fatalf("%v: %s", err, out)
	}
	want := []string{event("1", "ep01.5"), event("1", "ep01.5"), event("1", "ep01.5"), event("2", "ep01.7"), event("3", "ep01.9")}
	if !slices.Equal(got, want) {
		t.Errorf("the webhook got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if cursor := string(read(t, file)); cursor != "ep01.9\n" {
		t.Errorf("the cursor is %q", cursor)
	}
}
