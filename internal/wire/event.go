package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode"

	"rtevent"
)

// eventReader gathers what a publisher's event says.
type eventReader struct {
	event   Publication
	kind    string // its type
	version string
	topic   bool
	data    int
}

// ReadEvent reads one event as a publisher says it, and refuses with BadLine what is no strict JSON and with BadEvent what
// is no CloudEvent 1.0 that can be filed; that error names the event, as far as it can be read. The Publication keeps text where that is one line already.
func ReadEvent(text []byte) (Publication, *Error) {
	s := scanner{text: text}
	var r eventReader
	var bad error // the first that is wrong with the event; the rest of the line is read all the same
	err := s.members(func(name string, value []byte) error {
		if err := r.set(name, value); err != nil && bad == nil {
			bad = fmt.Errorf("attribute %q: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return Publication{}, Errorf(BadLine, "not one JSON object: %v", err)
	}
	if bad == nil {
		bad = r.missing()
	}
	if bad != nil {
		return Publication{}, Errorf(BadEvent, "%v", bad).Of(r.event.Source, r.event.ID)
	}
	r.event.Line = r.line(s)
	return r.event, nil
}

func (r *eventReader) set(name string, value []byte) error {
	if string(value) == "null" && name != "data" {
		return nil // CloudEvents: the same as absent
	}
	var err error
	switch name {
	case "specversion":
		r.version, err = attribute(value)
	case "id":
		r.event.ID, err = attribute(value)
	case "source":
		r.event.Source, err = attribute(value)
	case "type":
		r.kind, err = attribute(value)
	case "topic":
		r.topic = true
		if r.event.Topic, err = attribute(value); err == nil {
			err = rtevent.CheckTopic(r.event.Topic)
		}
	case "cursor":
		return errors.New("only the server gives it")
	case "rt":
		return errors.New("a line is a control word or an event, and not both")
	case "data":
		r.data++
	case "data_base64":
		r.data++
		var b []byte
		if json.Unmarshal(value, &b) != nil {
			return errors.New("want a string in base64")
		}
	case "time":
		var t string
		if t, err = attribute(value); err == nil {
			_, err = time.Parse(time.RFC3339, t)
		}
	default:
		return extension(name, value)
	}
	return err
}

// attribute reads a string that CloudEvents allows.
func attribute(value []byte) (string, error) {
	if value[0] != '"' {
		return "", errors.New("want a string")
	}
	s := unquote(value)
	if s == "" {
		return "", errors.New("is empty")
	}
	for _, c := range s {
		if (c < ' ' || c >= 0x7f) && unicode.IsControl(c) {
			return "", fmt.Errorf("the control character %U", c)
		}
	}
	return s, nil
}

func extension(name string, value []byte) error {
	if name == "" || len(name) > 64 {
		return errors.New("want a name of 1 to 64 letters")
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && !digit(c) {
			return errors.New("want lower-case letters and digits as its name")
		}
	}
	switch c := value[0]; {
	case c == '"':
		_, err := attribute(value)
		if string(value) == `""` {
			return nil
		}
		return err
	case c == 't' || c == 'f':
		return nil
	case c == '-' || digit(c):
		if _, err := strconv.ParseInt(string(value), 10, 32); err != nil {
			return errors.New("want an integer of 32 bits")
		}
		return nil
	}
	return errors.New("want a string, a boolean or an integer")
}

// missing says what an event lacks.
func (r *eventReader) missing() error {
	switch {
	case r.version == "":
		return errors.New("specversion is missing")
	case r.version != "1.0":
		return fmt.Errorf("specversion %q is not supported: want 1.0", r.version)
	case r.event.ID == "":
		return errors.New("id is missing")
	case r.event.Source == "":
		return errors.New("source is missing")
	case r.kind == "":
		return errors.New("type is missing")
	case r.data > 1:
		return errors.New("data and data_base64 exclude each other")
	}
	if !r.topic {
		if rtevent.CheckTopic(r.kind) != nil {
			return errors.New("topic is missing, and the type is none")
		}
		r.event.Topic = r.kind
	}
	return nil
}

// line is the event on one line, with its topic.
func (r *eventReader) line(s scanner) []byte {
	text := bytes.TrimSpace(s.text)
	if s.broken {
		var b bytes.Buffer
		_ = json.Compact(&b, text) // the scanner was stricter
		text = b.Bytes()
	}
	if !r.topic {
		text = slices.Concat([]byte(`{"topic":"`+r.event.Topic+`",`), text[1:])
	}
	return text
}

// Stamp writes an event as it travels: with its cursor, which comes first, and a newline.
func Stamp(line []byte, at rtevent.Cursor) []byte {
	const name = `{"cursor":"`
	b := make([]byte, 0, len(name)+len(at.Epoch)+24+len(line))
	b = append(b, name...)
	b = append(b, at.Epoch...)
	b = append(b, '.')
	b = strconv.AppendUint(b, at.Seq, 10)
	b = append(b, `",`...)
	b = append(b, line[1:]...) // an event has members
	return append(b, '\n')
}

// TypeOf is the type of an event that ReadEvent accepted, with or without a cursor.
func TypeOf(line []byte) (kind string) {
	found := errors.New("found")
	s := scanner{text: line}
	s.space()
	_ = s.object(1, func(name string, value []byte) error {
		if name == "type" {
			kind = unquote(value)
			return found
		}
		return nil
	})
	return kind
}
