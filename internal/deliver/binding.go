// The HTTP binding of CloudEvents: how an event is published with POST.

package deliver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"rtevent"
	"rtevent/internal/wire"
)

const (
	batchLines  = 16   // how many of the longest lines a batch may hold
	batchEvents = 4096 // how many events
)

// postEvents publishes one event, in structured or binary mode, or a batch.
func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	p := peerOf(r)
	rights, fault := s.Access.Of(p)
	if fault != nil {
		s.fail(w, fault)
		return
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if cs := params["charset"]; strings.HasPrefix(kind, "application/cloudevents") && cs != "" && !strings.EqualFold(cs, "utf-8") {
		s.fail(w, wire.Errorf(wire.BadEvent, "charset %.20q: want utf-8", cs))
		return
	}
	most := s.Limits.Line
	if kind == "application/cloudevents-batch+json" {
		most *= batchLines
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.Limits.Speak))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(most)))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.fail(w, wire.Errorf(wire.TooLong, "a body may have %d bytes", most))
		return
	case err != nil:
		s.fail(w, wire.Errorf(wire.TooSlow, "the body did not come whole"))
		return
	}
	switch kind {
	case "application/cloudevents-batch+json":
		s.postBatch(w, r, p, rights, body)
	case "application/cloudevents+json":
		s.postOne(w, r, p, rights, body)
	default:
		if r.Header.Get("Ce-Specversion") == "" {
			fault := wire.Errorf(wire.BadEvent, "want the header ce-specversion: 1.0, or a content type application/cloudevents+json")
			s.metrics.refused(fault)
			writeJSON(w, http.StatusUnsupportedMediaType, wire.Line(fault.Word("error")))
			return
		}
		e, err := binaryEvent(r.Header, kind, body)
		var line []byte
		if err == nil {
			line, err = json.Marshal(e)
		}
		if err != nil {
			s.fail(w, wire.Errorf(wire.BadEvent, "%v", err))
			return
		}
		s.postOne(w, r, p, rights, line)
	}
}

func (s *Server) postOne(w http.ResponseWriter, r *http.Request, p peer, rights Rights, text []byte) {
	answer := s.store(p, rights, text)
	select {
	case word := <-answer:
		status := http.StatusOK
		if word.RT == "error" {
			status = word.Code
		}
		writeJSON(w, status, wire.Line(word))
	case <-r.Context().Done():
	}
}

// postBatch publishes the elements of an array. Each has its own answer.
func (s *Server) postBatch(w http.ResponseWriter, r *http.Request, p peer, rights Rights, body []byte) {
	texts, fault := readBatch(body)
	if fault != nil {
		s.fail(w, fault)
		return
	}
	answers := make([]<-chan wire.Word, len(texts))
	for i, text := range texts {
		answers[i] = s.store(p, rights, text)
	}
	words := make([]wire.Word, len(texts))
	for i, answer := range answers {
		select {
		case words[i] = <-answer:
		case <-r.Context().Done():
			return
		}
	}
	writeJSON(w, http.StatusOK, wire.Line(words))
}

// readBatch takes an array apart. Its elements are counted as they come: each costs a hundred times the two bytes that it
// may have.
func readBatch(body []byte) (texts []json.RawMessage, fault *wire.Error) {
	bad := func(err error) *wire.Error { return wire.Errorf(wire.BadLine, "not one JSON array: %v", err) }
	d := json.NewDecoder(bytes.NewReader(body))
	if begin, err := d.Token(); err != nil || begin != json.Delim('[') {
		return nil, bad(cmp.Or(err, errors.New("it does not begin with [")))
	}
	for d.More() {
		if len(texts) == batchEvents {
			return nil, wire.Errorf(wire.TooLong, "a batch may have %d events", batchEvents)
		}
		var text json.RawMessage
		if err := d.Decode(&text); err != nil {
			return nil, bad(err)
		}
		texts = append(texts, text)
	}
	if _, err := d.Token(); err != nil {
		return nil, bad(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad(errors.New("something follows it"))
	}
	return texts, nil
}

// store gives an event to the journal, and its answer to the channel.
func (s *Server) store(p peer, rights Rights, text []byte) <-chan wire.Word {
	answer := make(chan wire.Word, 1)
	refuse := func(fault *wire.Error, source, id string) <-chan wire.Word {
		s.metrics.refused(fault)
		answer <- fault.Of(source, id).Word("error")
		return answer
	}
	e, fault := wire.ReadEvent(text)
	switch {
	case fault != nil:
		return refuse(fault, fault.Source, fault.ID)
	case len(e.Line) >= s.Limits.Line:
		return refuse(wire.Errorf(wire.TooLong, "an event may have %d bytes", s.Limits.Line-1), e.Source, e.ID)
	case p.limiter != nil && !p.limiter.Allow():
		return refuse(wire.Errorf(wire.TooFast, "more than %d events a second", s.Limits.Rate), e.Source, e.ID)
	}
	if fault := rights.MayPublish(e.Topic); fault != nil {
		return refuse(fault, e.Source, e.ID)
	}
	s.Log.Publish(e, func(a wire.Ack) {
		if a.Err != nil {
			refuse(faultOf(a.Err), e.Source, e.ID)
			return
		}
		s.metrics.published.Inc()
		answer <- ackOf(e.Source, e.ID, a)
	})
	return answer
}

// binaryEvent is an event whose attributes are headers and whose body is the data.
func binaryEvent(h http.Header, kind string, body []byte) (rtevent.Event, error) {
	e := rtevent.Event{DataContentType: h.Get("Content-Type")}
	var version string
	for name, values := range h {
		attribute, isOne := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !isOne {
			continue
		}
		if len(values) != 1 {
			return e, errors.New(name + " occurs twice")
		}
		value, err := url.PathUnescape(values[0])
		if err != nil {
			value = values[0] // of a sender that does not encode: "100%"
		}
		if !utf8.ValidString(value) {
			return e, errors.New(name + " is not UTF-8")
		}
		if attribute == "specversion" {
			version = value
		} else if err := setAttribute(&e, attribute, value); err != nil {
			return e, err
		}
	}
	if version != "1.0" {
		return e, fmt.Errorf("ce-specversion %q is not supported: want 1.0", version)
	}
	setData(&e, kind, body)
	return e, nil
}

func setAttribute(e *rtevent.Event, name, value string) (err error) {
	switch name {
	case "id":
		e.ID = value
	case "source":
		e.Source = value
	case "type":
		e.Type = value
	case "topic":
		e.Topic = value
	case "subject":
		e.Subject = value
	case "dataschema":
		e.DataSchema = value
	case "time":
		if e.Time, err = time.Parse(time.RFC3339, value); err != nil {
			return errors.New("ce-time: want a time as in RFC 3339")
		}
	case "cursor", "datacontenttype", "data", "data_base64":
		return errors.New("ce-" + name + " has no place in the headers")
	default:
		if e.Extensions == nil {
			e.Extensions = map[string]any{}
		}
		e.Extensions[name] = value
	}
	return nil
}

// setData keeps JSON as it is, text as a string, and everything else in base64.
func setData(e *rtevent.Event, kind string, body []byte) {
	switch {
	case len(body) == 0:
	case (kind == "" || kind == "application/json" || strings.HasSuffix(kind, "+json")) && json.Valid(body):
		var b bytes.Buffer
		_ = json.Compact(&b, body)
		e.Data = b.Bytes()
	case strings.HasPrefix(kind, "text/") && utf8.Valid(body):
		e.Data, _ = json.Marshal(string(body))
	default:
		e.DataBase64 = body
	}
}
