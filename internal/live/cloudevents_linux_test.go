package live

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"rtevent"
)

// TestCloudEvents has the official library of CloudEvents read and validate every kind of event that a real listener
// brings, and take one over HTTP.
func TestCloudEvents(t *testing.T) {
	w := watch(t, Options{Host: "web 1.example_ü"})
	port := free(t)
	s := launch(t, "web", at(port))
	w.story(port, "opened identified")
	s.end()
	for _, h := range w.story(port, "opened identified closed") {
		line, err := json.Marshal(h.Event)
		if err != nil {
			t.Fatal(err)
		}
		var read event.Event
		if err := json.Unmarshal(line, &read); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := read.Validate(); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if read.ID() != h.ID || read.Source() != "//web=201.example=5F=C3=BC" || read.Type() != h.Type || !read.Time().Equal(h.Time) ||
			read.Extensions()["topic"] != h.Topic {
			t.Errorf("read as %s, was %s", read, line)
		}
		var data rtevent.ListenerChange
		if err := read.DataAs(&data); err != nil || data.Listener.Port != port {
			t.Errorf("data: %v, %+v", err, data)
		}
		overHTTP(t, line, read)
	}
}

// overHTTP posts an event as it is and holds that the library takes it for the same.
func overHTTP(t *testing.T, line []byte, want event.Event) {
	t.Helper()
	taken := make(chan *event.Event, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		e, err := binding.ToEvent(context.Background(), cehttp.NewMessageFromHttpRequest(r))
		if err != nil {
			t.Error(err)
		}
		taken <- e
	}))
	defer server.Close()
	response, err := http.Post(server.URL, cloudevents.ApplicationCloudEventsJSON, strings.NewReader(string(line)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	if got := <-taken; got == nil || got.String() != want.String() {
		t.Errorf("over HTTP %s, want %s", got, want)
	}
}
