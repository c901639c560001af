// The JSON form of an Event: the JSON event format of CloudEvents 1.0, on one line.

package rtevent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// MarshalJSON writes the Event as the JSON format of CloudEvents has it. Extensions come in the order of their names.
func (e Event) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"specversion":"1.0"`)
	add := func(name string, value any) error {
		v, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
		fmt.Fprintf(&b, ",%q:%s", name, v)
		return nil
	}
	texts := []struct{ name, value string }{
		{"type", e.Type}, {"source", e.Source}, {"id", e.ID}, {"topic", e.Topic}, {"cursor", e.Cursor.String()},
		{"subject", e.Subject}, {"datacontenttype", e.DataContentType}, {"dataschema", e.DataSchema},
	}
	for _, t := range texts {
		if t.value != "" {
			_ = add(t.name, t.value) // text can always be written
		}
	}
	if !e.Time.IsZero() {
		if err := add("time", e.Time.UTC()); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Extensions)) {
		if err := add(name, e.Extensions[name]); err != nil {
			return nil, err
		}
	}
	if e.DataBase64 != nil {
		_ = add("data_base64", e.DataBase64)
	} else if len(e.Data) > 0 {
		if err := add("data", e.Data); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
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
