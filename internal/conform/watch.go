// What holds of every line that a server sends, whatever the vector is about.

package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// watch looks at every line of the streams of lines of one vector.
type watch struct {
	vector string
	seen   map[string]string // by statement: empty while it holds
	last   map[int]string    // by connection: the cursor of the last event
}

func newWatch(vector string) *watch {
	return &watch{vector: vector, seen: map[string]string{}, last: map[int]string{}}
}

// what the watched statements say.
var watched = map[string]string{
	"RTE-4.1-1": "each line is one JSON object in UTF-8, ended by LF",
	"RTE-4.1-7": "no line is longer than the greeting allows",
	"RTE-8.2-5": "events come in the order of their numbers, each once",
	"RTE-9-5":   "every event has its cursor and its topic",
}

func (w *watch) hold(id string, ok bool, why string, args ...any) {
	if !ok && w.seen[id] == "" {
		w.seen[id] = fmt.Sprintf(why, args...)
	} else if _, known := w.seen[id]; !known {
		w.seen[id] = ""
	}
}

func (w *watch) line(conn int, on *stream, line []byte) {
	if !on.lines || on.answer != nil && !strings.HasPrefix(on.answer.Header.Get("Content-Type"), "application/x-ndjson") {
		return
	}
	shown := clip(strconv.Quote(string(line)), 200)
	var object map[string]json.RawMessage
	err := json.Unmarshal(line, &object)
	w.hold("RTE-4.1-1", err == nil && bytes.HasSuffix(line, []byte("\n")) && utf8.Valid(line), "%s", shown)
	if on.max > 0 {
		w.hold("RTE-4.1-7", len(line) <= on.max+1024, "%d octets, and max is %d", len(line), on.max)
	}
	_, control := object["rt"]
	_, event := object["specversion"]
	w.hold("RTE-4.1-1", control != event, "neither an event nor a control word, or both: %s", shown)
	if event {
		w.event(conn, object, shown)
	}
}

func (w *watch) event(conn int, object map[string]json.RawMessage, shown string) {
	var place, topic string
	bad := json.Unmarshal(object["cursor"], &place) != nil || json.Unmarshal(object["topic"], &topic) != nil
	w.hold("RTE-9-5", !bad && cursor.MatchString(place) && topic != "", "%s", shown)
	if bad || !cursor.MatchString(place) {
		return
	}
	if before := w.last[conn]; before != "" {
		w.hold("RTE-8.2-5", later(before, place), "after the event at %s comes that at %s", before, place)
	}
	w.last[conn] = place
}

// later tells whether a cursor lies after another of the same epoch.
func later(before, after string) bool {
	e1, n1, _ := strings.Cut(before, ".")
	e2, n2, _ := strings.Cut(after, ".")
	a, err1 := strconv.ParseUint(n1, 10, 64)
	b, err2 := strconv.ParseUint(n2, 10, 64)
	return err1 == nil && err2 == nil && e1 == e2 && a < b
}

func (w *watch) results(talk []string) []Result {
	var all []Result
	for id, why := range w.seen {
		r := Result{ID: id, Outcome: Pass, What: watched[id], Vector: w.vector}
		if why != "" {
			r.Outcome, r.Why, r.Talk = Fail, why, talk
		}
		all = append(all, r)
	}
	return all
}
