package deliver

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/coder/websocket"
)

func get(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	return do(t, http.MethodGet, url, "", header...)
}

func do(t *testing.T, method, url, body string, header ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNDJSON(t *testing.T) {
	m := newMemory(2 << 20)
	m.fill(t, 1, 5, one("a"))
	url := "http://" + start(t, Options{Log: m}) + "/events"
	lines := strings.Split(strings.TrimSpace(body(t, get(t, url+"?from=oldest&until=live"))), "\n")
	if len(lines) != 7 || !strings.HasPrefix(lines[0], `{"rt":"ok"`) || !strings.HasPrefix(lines[6], `{"rt":"live"`) {
		t.Errorf("got %d lines: %s", len(lines), lines)
	}
	if lines := strings.Split(strings.TrimSpace(body(t, get(t, url+"?from=test0.1&limit=2"))), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[2], `{"cursor":"test0.3"`) {
		t.Errorf("limited: %s", lines)
	}
	for query, status := range map[string]int{"from=yesterday": 400, "topic=a..b": 423, "limit=x": 400, "until=x": 400} {
		if r := get(t, url+"?"+query); r.StatusCode != status || !strings.Contains(body(t, r), `"rt":"error"`) {
			t.Errorf("%s: status %d, want %d", query, r.StatusCode, status)
		}
	}
	if text := body(t, get(t, url+"?from=other.1")); !strings.Contains(text, `"rt":"reset"`) || !strings.Contains(text, `"reason":"epoch"`) {
		t.Errorf("another epoch: %s", text)
	}
}

// TestSSE reads the stream as EventSource does, and resumes as it does.
func TestSSE(t *testing.T) {
	m := newMemory(2 << 20)
	m.fill(t, 1, 3, one("a"))
	url := "http://" + start(t, Options{Log: m}) + "/events"
	r := get(t, url+"?from=live", "Accept", "text/event-stream", "Last-Event-ID", "test0.1")
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		t.Errorf("the content type is %s", kind)
	}
	lines := bufio.NewScanner(r.Body)
	read := func() (event, id, data string) {
		for lines.Scan() && lines.Text() != "" {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				event = value
			case "id":
				id = value
			case "data":
				data = value
			}
		}
		return event, id, data
	}
	if event, id, _ := read(); event != "ok" || id != "test0.1" {
		t.Errorf("first comes %s %s", event, id)
	}
	for n := 2; n <= 3; n++ {
		if event, id, data := read(); event != "" || id != fmt.Sprintf("test0.%d", n) || !json.Valid([]byte(data)) {
			t.Errorf("event %d: %q %s %s", n, event, id, data)
		}
	}
	if event, _, _ := read(); event != "live" {
		t.Errorf("then comes %s", event)
	}
	m.fill(t, 4, 4, one("a"))
	if _, id, _ := read(); id != "test0.4" {
		t.Errorf("live comes %s", id)
	}
	text := body(t, get(t, url, "Accept", "text/event-stream", "Last-Event-ID", "other.1"))
	if !strings.HasPrefix(text, "event: reset\nid: \ndata: {") {
		t.Errorf("a reset is %q", text)
	}
	text = body(t, get(t, url+"?from=state&until=live", "Accept", "text/event-stream"))
	if before, _, _ := strings.Cut(text, "event: live"); strings.Contains(before, "id: ") {
		t.Errorf("within the state there is an id: %s", text)
	}
}

func TestWebSocket(t *testing.T) {
	address := start(t, Options{})
	for _, path := range []string{"/ws", "/events"} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c, _, err := websocket.Dial(ctx, "ws://"+address+path, &websocket.DialOptions{Subprotocols: []string{Subprotocol}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		if c.Subprotocol() != Subprotocol {
			t.Errorf("the subprotocol is %q", c.Subprotocol())
		}
		say := `{"rt":"sub"}` + "\n" + event(1, "a"+path[1:]) + "\n" + `{"rt":"bye"}`
		if err := c.Write(ctx, websocket.MessageText, []byte(say)); err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for {
			_, b, err := c.Read(ctx)
			if err != nil {
				break
			}
			all.Write(b)
		}
		for _, want := range []string{`"rt":"ready"`, `"rt":"ok"`, `"rt":"ack"`, `"rt":"bye"`} {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s: %s is missing in %s", path, want, all.String())
			}
		}
	}
}

// TestBinding publishes with the SDK of CloudEvents, in each of its modes.
func TestBinding(t *testing.T) {
	m := newMemory(2 << 20)
	url := "http://" + start(t, Options{Log: m}) + "/events"
	c, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(url))
	if err != nil {
		t.Fatal(err)
	}
	e := cloudevents.NewEvent()
	e.SetType("com.example.door")
	e.SetSource("//lab")
	e.SetExtension("topic", "doors.lab")
	e.SetExtension("room", "ü 100%")
	for i, ctx := range []context.Context{cloudevents.WithEncodingBinary(t.Context()), cloudevents.WithEncodingStructured(t.Context())} {
		e.SetID(fmt.Sprint(i))
		_ = e.SetData(cloudevents.ApplicationJSON, map[string]any{"open": i})
		if result := c.Send(ctx, e); !cloudevents.IsACK(result) {
			t.Errorf("mode %d: %v", i, result)
		}
	}
	e.SetID("text")
	_ = e.SetData("text/plain", "hello")
	if result := c.Send(t.Context(), e); !cloudevents.IsACK(result) {
		t.Errorf("text: %v", result)
	}
	e.SetID("bytes")
	_ = e.SetData("application/octet-stream", []byte{0, 1, 2})
	if result := c.Send(t.Context(), e); !cloudevents.IsACK(result) {
		t.Errorf("bytes: %v", result)
	}
	if len(m.entries) != 4 {
		t.Fatalf("%d events are stored, want 4", len(m.entries))
	}
	for i, want := range []string{`"data":{"open":0}`, `"data":{"open":1}`, `"data":"hello"`, `"data_base64":"AAEC"`} {
		got := cloudevents.NewEvent()
		if err := json.Unmarshal(m.entries[i].Line, &got); err != nil {
			t.Errorf("the SDK cannot read %s: %v", m.entries[i].Line, err)
		}
		if line := string(m.entries[i].Line); !strings.Contains(line, want) || got.Extensions()["room"] != "ü 100%" || m.entries[i].Topic != "doors.lab" {
			t.Errorf("event %d is stored as %s, want %s in it", i, line, want)
		}
	}
	batch := "[" + event(1, "a") + ",\n " + event(2, "listener.x") + "," + event(1, "a") + "]"
	var answers []map[string]any
	r := do(t, "POST", url, batch, "Content-Type", "application/cloudevents-batch+json; charset=UTF-8")
	if err := json.Unmarshal([]byte(body(t, r)), &answers); err != nil || len(answers) != 3 || r.StatusCode != 200 {
		t.Fatalf("the batch is answered %d %v %v", r.StatusCode, answers, err)
	}
	if answers[0]["rt"] != "ack" || answers[1]["code"] != 403.0 || answers[2]["duplicate"] != true {
		t.Errorf("the batch is answered %v", answers)
	}
	for what, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"not JSON":   {"application/cloudevents+json", "hello", 400},
		"no event":   {"application/cloudevents+json", `{"specversion":"1.0"}`, 422},
		"no headers": {"application/json", `{}`, 415},
		"too long":   {"application/cloudevents+json", strings.Repeat(" ", 70_000), 413},
		"latin-1":    {"application/cloudevents+json; charset=latin1", event(9, "a"), 422},
	} {
		if r := do(t, "POST", url, c.body, "Content-Type", c.kind); r.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", what, r.StatusCode, c.status)
		}
	}
}

// TestBrowsersFromElsewhere holds DNS rebinding and pages of other origins off.
func TestBrowsersFromElsewhere(t *testing.T) {
	address := start(t, Options{Hosts: []string{"events.example.org"}})
	url := "http://" + address
	for host, status := range map[string]int{"evil.example": 403, "localhost.evil.example": 403, "127.0.0.1.nip.io": 403, "localhost:1": 200, "events.example.org": 200, "lab": 200, "[::1]:3706": 200} {
		if r := get(t, url+"/healthz", "Host", host); r.StatusCode != status {
			t.Errorf("by the name %s: status %d, want %d", host, r.StatusCode, status)
		}
	}
	post := func(header ...string) int {
		return do(t, "POST", url+"/events", event(1, "a"), append(header, "Content-Type", "application/cloudevents+json")...).StatusCode
	}
	if got := post("Origin", "https://evil.example"); got != 403 {
		t.Errorf("POST of another origin: %d", got)
	}
	if got := post("Sec-Fetch-Site", "cross-site"); got != 403 {
		t.Errorf("POST across sites: %d", got)
	}
	if got := post("Origin", "http://"+address); got != 200 {
		t.Errorf("POST of its own origin: %d", got)
	}
	_, r, err := websocket.Dial(t.Context(), "ws://"+address+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	if err == nil || r.StatusCode != 403 {
		t.Errorf("a WebSocket of another origin: %v", err)
	}
	if r := get(t, url+"/events?until=live", "Origin", "https://evil.example"); r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin may read")
	}
	// A proxy of this host speaks for others, who have no rights.
	if r := get(t, url+"/events?until=live", "X-Forwarded-For", "192.0.2.1"); r.StatusCode != 401 {
		t.Errorf("by a proxy: status %d", r.StatusCode)
	}
}

// TestPageRights holds that the page shows nobody more than may be subscribed to.
func TestPageRights(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	tokens := fmt.Sprintf("some sha256:%x subscribe=listener.>\nall sha256:%x subscribe=>\nlocal loopback subscribe=doors.>\n", sha256.Sum256([]byte("some")), sha256.Sum256([]byte("all")))
	if err := os.WriteFile(file, []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	access, err := ReadAccess(file)
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the page ", r.URL.Path) })
	url := "http://" + start(t, Options{Access: access, Page: page})
	for _, c := range []struct {
		path      string
		some, all int
	}{
		{"/", 200, 200}, {"/ports/22", 200, 200},
		{"/events", 403, 200}, {"/events?topic=listener.>.x", 403, 200}, {"/events/k3f9q2.1", 403, 200}, {"/%65vents/k3f9q2.1", 403, 200},
	} {
		for token, want := range map[string]int{"some": c.some, "all": c.all, "other": 401} {
			r := get(t, url+c.path, "Accept", "text/html", "Authorization", "Bearer "+token)
			if text := body(t, r); r.StatusCode != want || strings.Contains(text, "the page") != (want == 200) {
				t.Errorf("%s for %s: %s %s", c.path, token, r.Status, text)
			}
		}
		if r := get(t, url+c.path, "Accept", "text/html"); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s without a token: %s", c.path, r.Status)
		}
	}
}

// TestBatchBounded holds that a batch of many small things costs no more than one of events.
func TestBatchBounded(t *testing.T) {
	url := "http://" + start(t, Options{}) + "/events"
	batch := func(elements string, n int, end string) *http.Response {
		body := "[" + strings.TrimSuffix(strings.Repeat(elements+",", n), ",") + end
		return do(t, http.MethodPost, url, body, "Content-Type", "application/cloudevents-batch+json")
	}
	for _, c := range []struct {
		elements string
		n        int
		end      string
		status   int
	}{
		{"1", batchEvents, "]", 200}, {"1", 400_000, "]", 413}, {"", 0, "]", 200},
		{"1", 3, "", 400}, {"1", 3, ",]", 400}, {"1", 3, "] 1", 400}, {"1", 3, "]]", 400}, {"x", 3, "]", 400},
	} {
		if r := batch(c.elements, c.n, c.end); r.StatusCode != c.status {
			t.Errorf("[%s * %d%s: %s: %.200s", c.elements, c.n, c.end, r.Status, body(t, r))
		}
	}
}
