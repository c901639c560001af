// The text form: Read and Write.

package transcript

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rtevent"
)

// maxText bounds a transcript: a conversation that identifies a server is a few kilobytes.
const maxText = 1 << 20

// Read reads a transcript. An error names the line.
func Read(r io.Reader) (*Transcript, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("read transcript: %w", err)
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("read transcript: longer than %d bytes", maxText)
	}
	t := &Transcript{Over: TCP}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if err := t.readLine(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, fmt.Errorf("read transcript: line %d: %w", n, err)
		}
	}
	return t, nil
}

func (t *Transcript) readLine(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "":
		if rest != "" {
			return errors.New("begins with a space")
		}
		return nil
	case "#":
		t.Notes = append(t.Notes, rest)
		return nil
	case "want":
		return t.readWant(rest)
	case "over":
		return t.readOver(rest)
	case string(Client), string(Server):
		return t.readTurn(Side(word[0]), rest)
	}
	return fmt.Errorf("unknown word %q", word)
}

func (t *Transcript) readOver(rest string) error {
	over := Carrier(rest)
	if len(t.Turns) > 0 {
		return errors.New("over comes before the conversation")
	}
	if over != TCP && over != TLS && over != UDP {
		return fmt.Errorf("unknown carrier %q", rest)
	}
	t.Over = over
	return nil
}

func (t *Transcript) readTurn(by Side, rest string) error {
	if rest == "close" && t.Over != UDP {
		t.add(Turn{By: by, Close: true})
		return nil
	}
	if !strings.HasPrefix(rest, `"`) {
		return errors.New("neither a quoted string nor the close of a stream")
	}
	data, err := strconv.Unquote(rest)
	if err != nil {
		return errors.New("a string that is not quoted as in Go")
	}
	t.add(Turn{By: by, Data: data})
	return nil
}

// readWant reads `PROTOCOL key="value"...`.
func (t *Transcript) readWant(rest string) error {
	if t.Want != nil {
		return errors.New("a second want")
	}
	protocol, rest, _ := strings.Cut(rest, " ")
	if protocol == "" {
		return errors.New("want what?")
	}
	t.Want = &rtevent.Finding{Protocol: protocol, Confidence: rtevent.Strong}
	if protocol == "nothing" {
		t.Want = &rtevent.Finding{}
	}
	for rest != "" {
		key, value, ok := strings.Cut(rest, "=")
		quoted, err := strconv.QuotedPrefix(value)
		if !ok || err != nil || key == "" || t.Want.Protocol == "" {
			return fmt.Errorf(`want: not key="value": %q`, rest)
		}
		text, err := strconv.Unquote(quoted)
		if err != nil {
			return fmt.Errorf("want %s: %w", key, err)
		}
		if err := want(t.Want, key, text); err != nil {
			return err
		}
		next, spaced := strings.CutPrefix(value[len(quoted):], " ")
		if next != "" && !spaced {
			return fmt.Errorf("want: no space after %s=%s", key, quoted)
		}
		rest = next
	}
	return nil
}

func want(f *rtevent.Finding, key, value string) error {
	switch key {
	case "product":
		f.Product = value
	case "version":
		f.Version = value
	case "confidence":
		f.Confidence = rtevent.Confidence(value)
		if f.Confidence != rtevent.Strong && f.Confidence != rtevent.Weak {
			return fmt.Errorf("want: unknown confidence %q", value)
		}
	default:
		if f.Details == nil {
			f.Details = map[string]string{}
		}
		f.Details[key] = value
	}
	return nil
}

// Write writes the transcript in its canonical form: notes, carrier, want, and what was said, text line by line.
func (t *Transcript) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, note := range t.Notes {
		fmt.Fprintf(out, "# %s\n", note)
	}
	if t.Over != TCP {
		fmt.Fprintf(out, "over %s\n", t.Over)
	}
	if t.Want != nil {
		fmt.Fprintln(out, "want", wanted(t.Want))
	}
	for _, turn := range t.Turns {
		writeTurn(out, turn, t.Over)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write transcript: %w", err)
	}
	return nil
}

func wanted(f *rtevent.Finding) string {
	if f.Protocol == "" {
		return "nothing"
	}
	var b strings.Builder
	b.WriteString(f.Protocol)
	pair := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%q", key, value)
		}
	}
	pair("product", f.Product)
	pair("version", f.Version)
	if f.Confidence != rtevent.Strong {
		pair("confidence", string(f.Confidence))
	}
	for _, key := range slices.Sorted(maps.Keys(f.Details)) {
		pair(key, f.Details[key])
	}
	return b.String()
}

func writeTurn(w io.Writer, turn Turn, over Carrier) {
	if turn.Close {
		fmt.Fprintf(w, "%c close\n", turn.By)
		return
	}
	if over == UDP || !isText(turn.Data) {
		fmt.Fprintf(w, "%c %q\n", turn.By, turn.Data)
		return
	}
	for line := range strings.Lines(turn.Data) {
		fmt.Fprintf(w, "%c %q\n", turn.By, line)
	}
}

// isText tells what is best read line by line.
func isText(data string) bool {
	return utf8.ValidString(data) && !strings.ContainsFunc(data, func(r rune) bool {
		return unicode.IsControl(r) && r != '\r' && r != '\n' && r != '\t'
	})
}
