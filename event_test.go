package rtevent_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

func TestEventJSON(t *testing.T) {
	want := rtevent.Event{
		ID: "7", Source: "//lab", Type: "com.example.door", Topic: "doors.lab", Cursor: rtevent.Cursor{Epoch: "k3f9q2", Seq: 1101},
		Time: time.Date(2026, 11, 28, 1, 2, 3, 4000, time.UTC), Subject: "front", DataContentType: "application/json",
		Data: json.RawMessage(`{"open":true}`), Extensions: map[string]any{"sampled": true, "traceparent": "00-a", "n": int64(-3)},
	}
	line, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"specversion":"1.0","type":"com.example.door","source":"//lab","id":"7","topic":"doors.lab","cursor":"k3f9q2.1101",` +
		`"subject":"front","datacontenttype":"application/json","time":"2026-11-28T01:02:03.000004Z","n":-3,"sampled":true,"traceparent":"00-a","data":{"open":true}}`
	if string(line) != text {
		t.Errorf("got  %s\nwant %s", line, text)
	}
	var got rtevent.Event
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEventRefused(t *testing.T) {
	for _, bad := range []string{`[]`, `{"specversion":"0.3"}`, `{"id":7}`, `{"cursor":"x"}`, `{"time":"yesterday"}`, `{"extra":{}}`, `{"extra":1.5}`, `{"data_base64":"?"}`} {
		var e rtevent.Event
		if err := json.Unmarshal([]byte(bad), &e); err == nil {
			t.Errorf("%s is taken for an event: %+v", bad, e)
		}
	}
}
