package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"rtevent"
)

const door = `{"specversion":"1.0","type":"com.example.door","source":"//lab","id":"7","topic":"doors.lab","data":{"open":true}}`

func TestReadEvent(t *testing.T) {
	p, err := ReadEvent([]byte(door))
	if err != nil || p.Topic != "doors.lab" || p.Source != "//lab" || p.ID != "7" || string(p.Line) != door {
		t.Errorf("got %+v %v", p, err)
	}
	for name, c := range map[string]struct{ in, line string }{
		"no topic":      {`{"specversion":"1.0","type":"a.b","source":"s","id":"1"}`, `{"topic":"a.b","specversion":"1.0","type":"a.b","source":"s","id":"1"}`},
		"spaced":        {"  {\"specversion\" : \"1.0\",\r\n\"type\":\"a\",\"source\":\"s\",\"id\":\"1\",\"topic\":\"t\",\"data\":\"\\r\\n x\"} ", `{"specversion":"1.0","type":"a","source":"s","id":"1","topic":"t","data":"\r\n x"}`},
		"null is none":  {`{"specversion":"1.0","type":"a","source":"s","id":"1","topic":"t","subject":null,"data":null}`, `{"specversion":"1.0","type":"a","source":"s","id":"1","topic":"t","subject":null,"data":null}`},
		"escaped names": {`{"specversion":"1.0","type":"a","source":"s","\u0069d":"1","topic":"t"}`, `{"specversion":"1.0","type":"a","source":"s","\u0069d":"1","topic":"t"}`},
	} {
		if p, err := ReadEvent([]byte(c.in)); err != nil || string(p.Line) != c.line || p.ID != "1" {
			t.Errorf("%s: got %s %v", name, p.Line, err)
		}
	}
}

// TestReadEventRefuses holds what makes two readers disagree, or what is no event, away from the journal.
func TestReadEventRefuses(t *testing.T) {
	with := func(member string) string { return strings.Replace(door, `"data":{"open":true}`, member, 1) }
	for name, c := range map[string]struct {
		line string
		code int
	}{
		"empty":               {"", BadLine},
		"no object":           {`[1]`, BadLine},
		"two objects":         {door + door, BadLine},
		"cut short":           {door[:len(door)-3], BadLine},
		"trailing comma":      {with(`"data":[1,]`), BadLine},
		"comma at the end":    {with(`"data":1,`), BadLine},
		"leading zero":        {with(`"data":01`), BadLine},
		"bare point":          {with(`"data":1.`), BadLine},
		"NaN":                 {with(`"data":NaN`), BadLine},
		"NUL in a string":     {with("\"data\":\"a\x00b\""), BadLine},
		"NUL between":         {with("\x00\"data\":1"), BadLine},
		"newline in a string": {with("\"data\":\"a\nb\""), BadLine},
		"not UTF-8":           {with("\"data\":\"\xff\""), BadLine},
		"overlong UTF-8":      {with("\"data\":\"\xc0\xaf\""), BadLine},
		"half a surrogate":    {with(`"data":"\ud800"`), BadLine},
		"halves swapped":      {with(`"data":"\udc00\ud800"`), BadLine},
		"bad escape":          {with(`"data":"\x41"`), BadLine},
		"duplicate id":        {with(`"id":"8"`), BadLine},
		"duplicate, escaped":  {with(`"\u0069d":"8"`), BadLine},
		"deep arrays":         {with(`"data":` + strings.Repeat("[", 65) + strings.Repeat("]", 65)), BadLine},
		"deep objects":        {with(`"data":` + strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)), BadLine},
		"very deep":           {strings.Repeat("[", 60000), BadLine},
		"BOM":                 {"\ufeff" + door, BadLine},
		"another version":     {strings.Replace(door, `"1.0"`, `"0.3"`, 1), BadEvent},
		"no id":               {strings.Replace(door, `"id":"7",`, "", 1), BadEvent},
		"empty source":        {strings.Replace(door, `"//lab"`, `""`, 1), BadEvent},
		"id is a number":      {strings.Replace(door, `"7"`, `7`, 1), BadEvent},
		"control character":   {strings.Replace(door, `"7"`, `"7\u0000"`, 1), BadEvent},
		"C1 control":          {strings.Replace(door, `"7"`, "\"7\u0085\"", 1), BadEvent},
		"cursor":              {with(`"cursor":"k3f9q2.1"`), BadEvent},
		"wildcard topic":      {strings.Replace(door, "doors.lab", "doors.*", 1), BadEvent},
		"extension's name":    {with(`"Big":"x"`), BadEvent},
		"extension's value":   {with(`"more":{}`), BadEvent},
		"fraction":            {with(`"more":1.5`), BadEvent},
		"both data":           {with(`"data":1,"data_base64":"AA=="`), BadEvent},
		"bad base64":          {with(`"data_base64":"!"`), BadEvent},
		"bad time":            {with(`"time":"yesterday"`), BadEvent},
	} {
		if p, err := ReadEvent([]byte(c.line)); err == nil || err.Code != c.code {
			t.Errorf("%s: got %s %v, want %d", name, p.Line, err, c.code)
		}
	}
	_, err := ReadEvent([]byte(with(`"more":{}`)))
	if err.Source != "//lab" || err.ID != "7" {
		t.Errorf("the refusal does not name its event: %+v", err)
	}
}

func TestStamp(t *testing.T) {
	at := rtevent.Cursor{Epoch: "k3f9q2", Seq: 1042}
	line := Stamp([]byte(door), at)
	var e rtevent.Event
	if err := json.Unmarshal(line, &e); err != nil || e.Cursor != at || e.Topic != "doors.lab" || line[len(line)-1] != '\n' {
		t.Errorf("%s: %+v %v", line, e, err)
	}
	if kind := TypeOf(line); kind != "com.example.door" {
		t.Errorf("TypeOf says %q", kind)
	}
}

func TestKind(t *testing.T) {
	for line, want := range map[string]string{door: "", `{"rt":"sub"}`: "sub", ` { "rt" : "x" , "y" : [1]} `: "x"} {
		if rt, err := Kind([]byte(line)); err != nil || rt != want {
			t.Errorf("%s: %q %v", line, rt, err)
		}
	}
	for _, line := range []string{`{}`, `{"rt":"sub","specversion":"1.0"}`, `{"rt":""}`, `{"rt":1}`, `{"rt":"sub","rt":"bye"}`, `hello`} {
		if rt, err := Kind([]byte(line)); err == nil || err.Code != BadLine {
			t.Errorf("%s: %q %v, want %d", line, rt, err, BadLine)
		}
	}
}

func TestReadRequest(t *testing.T) {
	r, err := ReadRequest([]byte(`{"rt":"sub","topics":["a.>"],"from":"k3f9q2.7","mark":2,"types":["x"],"TOPICS":["b"],"future":{}}`))
	if err != nil || r.RT != "sub" || r.Topics[0] != "a.>" || r.From.Cursor.Seq != 7 || r.From.Where != "after" || r.Mark.Seconds() != 2 {
		t.Errorf("got %+v %v", r, err)
	}
	for _, line := range []string{`{"rt":"sub","topics":"a"}`, `{"rt":"sub","from":"yesterday"}`, `{"rt":"sub","rt":"sub"}`} {
		if _, err := ReadRequest([]byte(line)); err == nil || err.Code != BadLine {
			t.Errorf("%s: %v", line, err)
		}
	}
	secret := strings.Repeat("secret", 1000)
	if _, err := ReadRequest([]byte(`{"rt":"auth","token":"` + secret + `"}`)); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a long token: %v", err)
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 99)
	text := "a\r\n\n" + long + "\nb\n" + "rest"
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		l := NewLines(r, 100, []byte("first "))
		var got []string
		for {
			line, err := l.Next()
			if err != nil {
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Error(err)
				}
				break
			}
			got = append(got, string(line))
		}
		if want := "first a||" + long + "|b"; strings.Join(got, "|") != want {
			t.Errorf("got %q", got)
		}
	}
}

func TestLinesTooLong(t *testing.T) {
	l := NewLines(io.LimitReader(endless('x'), 100<<20), MaxLine, nil)
	if _, err := l.Next(); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
	if cap(l.buf) > MaxLine {
		t.Errorf("the buffer grew to %d", cap(l.buf))
	}
	if _, err := NewLines(strings.NewReader("123456\n"), 6, nil).Next(); !errors.Is(err, ErrTooLong) {
		t.Errorf("7 bytes of 6: %v", err)
	}
	if line, err := NewLines(strings.NewReader("12345\n"), 6, nil).Next(); err != nil || string(line) != "12345" {
		t.Errorf("6 bytes of 6: %q %v", line, err)
	}
}

type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

func TestAppendAck(t *testing.T) {
	for _, id := range []string{"7", `a"b\c`, "ü\u2028"} {
		a := Ack{Cursor: rtevent.Cursor{Epoch: "k3f9q2", Seq: 7}, Duplicate: id == "7"}
		var w Word
		if err := json.Unmarshal(AppendAck(nil, "//lab", id, a), &w); err != nil || w.ID != id || w.At != "k3f9q2.7" || w.RT != "ack" || w.Source != "//lab" || w.Duplicate != a.Duplicate {
			t.Errorf("%q: %+v %v", id, w, err)
		}
	}
}

func BenchmarkReadEvent(b *testing.B) {
	line := []byte(strings.Replace(door, "true", `"`+strings.Repeat("x", 180)+`"`, 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := ReadEvent(line); fault != nil {
			b.Fatal(fault)
		}
	}
}

// FuzzReadEvent holds that whatever is accepted is one line that encoding/json and package rtevent understand in the
// same way.
func FuzzReadEvent(f *testing.F) {
	f.Add([]byte(door))
	f.Add([]byte("{\"specversion\":\"1.0\",\n\"type\":\"a\",\"source\":\"\\ud83d\\ude00\",\"id\":\"1\",\"n\":-7,\"b\":true}"))
	f.Add([]byte(`{"specversion":"1.0","type":"a","source":"s","id":"1","data":[1.5e+9,{"a":[]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, fault := ReadEvent(text)
		if fault != nil {
			return
		}
		line := Stamp(p.Line, rtevent.Cursor{Epoch: "k3f9q2", Seq: 1})
		if bytes.ContainsAny(line[:len(line)-1], "\r\n\x00") || !json.Valid(line) {
			t.Fatalf("%q is no line", line)
		}
		var e rtevent.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if e.ID != p.ID || e.Source != p.Source || e.Topic != p.Topic || e.Type != TypeOf(line) || e.Cursor.Seq != 1 {
			t.Fatalf("%s: read as %+v and as %+v", line, p, e)
		}
	})
}

// FuzzKind holds that what is accepted is JSON, and that reading a control word never fails otherwise.
func FuzzKind(f *testing.F) {
	f.Add([]byte(`{"rt":"sub","topics":["a"],"from":"k3f9q2.1","mark":1}`))
	f.Add([]byte(`{"rt":"ping","n":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rt, fault := Kind(text)
		if fault != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON", text)
		}
		if rt == "" {
			return
		}
		if r, fault := ReadRequest(text); fault == nil && r.RT != rt {
			t.Fatalf("%s: %q and %q", text, rt, r.RT)
		}
	})
}
