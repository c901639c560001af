// The JSON form of an Event: the JSON event format of CloudEvents 1.0, on one line.

package rtevent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// MarshalJSON writes the Event as the JSON format of CloudEvents has it. Extensions come in the order of their names.
func (e Event) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 512+len(e.Data))
	b = append(b, `{"specversion":"1.0"`...)
	for _, t := range []struct{ name, value string }{
		{"type", e.Type}, {"source", e.Source}, {"id", e.ID}, {"topic", e.Topic}, {"cursor", e.Cursor.String()},
		{"subject", e.Subject}, {"datacontenttype", e.DataContentType}, {"dataschema", e.DataSchema},
	} {
		if t.value != "" {
			b = appendText(appendName(b, t.name), t.value)
		}
	}
	if !e.Time.IsZero() {
		var err error
		if b, err = e.Time.UTC().AppendText(append(appendName(b, "time"), '"')); err != nil {
			return nil, fmt.Errorf("attribute time: %w", err)
		}
		b = append(b, '"')
	}
	for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
		value, err := json.Marshal(e.Extensions[name])
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		b = append(appendName(b, name), value...)
	}
	b, err := e.appendData(b)
	return append(b, '}'), err
}

func (e Event) appendData(b []byte) ([]byte, error) {
	if e.DataBase64 != nil {
		b = append(appendName(b, "data_base64"), '"')
		return append(base64.StdEncoding.AppendEncode(b, e.DataBase64), '"'), nil
	}
	if len(e.Data) == 0 {
		return b, nil
	}
	all := bytes.NewBuffer(appendName(b, "data"))
	if err := json.Compact(all, e.Data); err != nil {
		return nil, fmt.Errorf("attribute data: %w", err)
	}
	return all.Bytes(), nil
}

// appendName begins the next member of an object.
func appendName(b []byte, name string) []byte { return append(appendText(append(b, ','), name), ':') }

// appendText writes a string. Nearly all are plain, and a storm brings hundreds of thousands of Events.
func appendText(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // text can always be written
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// UnmarshalJSON reads what MarshalJSON writes, and any CloudEvent 1.0 in JSON whose extensions are strings, booleans and
// integers. It does not judge whether the required attributes are there.
func (e *Event) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	*e = Event{}
	for name, raw := range members {
		if err := e.set(name, raw); err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return nil
}

func (e *Event) set(name string, raw json.RawMessage) error {
	if string(raw) == "null" && name != "data" {
		return nil // CloudEvents: the same as absent
	}
	switch name {
	case "specversion":
		var version string
		if err := json.Unmarshal(raw, &version); err != nil || version != "1.0" {
			return fmt.Errorf("%s is not supported: want \"1.0\"", raw)
		}
		return nil
	case "type":
		return json.Unmarshal(raw, &e.Type)
	case "source":
		return json.Unmarshal(raw, &e.Source)
	case "id":
		return json.Unmarshal(raw, &e.ID)
	case "topic":
		return json.Unmarshal(raw, &e.Topic)
	case "subject":
		return json.Unmarshal(raw, &e.Subject)
	case "datacontenttype":
		return json.Unmarshal(raw, &e.DataContentType)
	case "dataschema":
		return json.Unmarshal(raw, &e.DataSchema)
	case "data":
		e.Data = bytes.Clone(raw)
		return nil
	case "data_base64":
		return json.Unmarshal(raw, &e.DataBase64)
	case "time":
		return json.Unmarshal(raw, &e.Time)
	case "cursor":
		return json.Unmarshal(raw, &e.Cursor)
	}
	return e.extend(name, raw)
}

func (e *Event) extend(name string, raw json.RawMessage) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	if number, ok := value.(json.Number); ok {
		whole, err := number.Int64()
		if err != nil {
			return fmt.Errorf("%s is no integer", number)
		}
		value = whole
	}
	switch value.(type) {
	case string, bool, int64:
	default:
		return fmt.Errorf("an extension is a string, a boolean or an integer")
	}
	if e.Extensions == nil {
		e.Extensions = map[string]any{}
	}
	e.Extensions[name] = value
	return nil
}
