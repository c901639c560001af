// This file tells an event in words.

package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/wire"
	"rtevent/internal/words"
)

// happening is an event of a list.
type happening struct {
	At    rtevent.Cursor
	Time  time.Time // when it happened; when it was stored, if the source does not say
	Kind  string    // opened, identified, changed, closed...; "other" for what is no listener's
	Type  string
	Topic string
	Port  uint16 // 0 for what is no listener's
	Name  string // "3706/tcp", or the topic
	Words string
	Grave bool // the listener deserves scrutiny
}

// readChange reads an event of a listener; false for any other.
func readChange(line []byte) (change, bool) {
	var c change
	err := json.Unmarshal(line, &c)
	return c, err == nil && strings.HasPrefix(c.Type, "rtevent.listener.")
}

// listens tells whether the listener is there after the change.
func (c change) listens() bool {
	switch c.Type {
	case rtevent.ListenerOpened, rtevent.ListenerIdentified, rtevent.ListenerChanged:
		return c.Data.Listener != nil
	}
	return false
}

func newHappening(e wire.Entry) happening {
	h := happening{Time: e.Stored, Kind: "other", Topic: words.Printable(e.Topic), Name: words.Printable(e.Topic)}
	var event rtevent.Event
	if err := json.Unmarshal(e.Line, &event); err != nil {
		h.Words = words.Printable("cannot be read: " + err.Error())
		return h
	}
	h.At, h.Type = event.Cursor, words.Printable(event.Type)
	if !event.Time.IsZero() {
		h.Time = event.Time
	}
	c, ok := readChange(e.Line)
	if !ok {
		h.Words = words.Phrases(0, event.Type, "from "+event.Source, event.Subject)
		return h
	}
	h.Kind = words.Printable(strings.TrimPrefix(c.Type, "rtevent.listener."))
	if l := c.Data.Listener; l != nil {
		h.Port, h.Name, h.Grave = l.Port, words.Printable(l.PortName()), l.Verdict.Scrutiny()
	}
	h.Words = words.Printable(told(c))
	return h
}

// told says what happened to a listener.
func told(c change) string {
	l := c.Data.Listener
	if c.Data.Gap != nil {
		return words.Gap(*c.Data.Gap)
	}
	if l == nil {
		return c.Type
	}
	name, held := words.Who(*l)
	by := words.Phrases(60, append([]string{name}, held...)...)
	switch c.Type {
	case rtevent.ListenerOpened:
		if c.Data.Existing {
			return fmt.Sprintf("was there already on %s, held by %s", words.Where(*l), by)
		}
		return fmt.Sprintf("opened on %s by %s", words.Where(*l), by)
	case rtevent.ListenerIdentified:
		return verdictWords(l.Verdict)
	case rtevent.ListenerChanged:
		return changedWords(c)
	case rtevent.ListenerClosed:
		return fmt.Sprintf("closed on %s, was held by %s", words.Where(*l), by) + lived(c, ", after ")
	case rtevent.ListenerShortLived:
		return fmt.Sprintf("opened on %s by %s and was gone", words.Where(*l), by) + lived(c, " after ")
	case rtevent.ListenerFailed:
		return fmt.Sprintf("%s wanted to listen on %s and was refused: somebody else has it", by, words.Where(*l))
	default:
		return c.Type
	}
}

func verdictWords(v *rtevent.Verdict) string {
	if v == nil {
		return "was looked at"
	}
	return v.Summary
}

func lived(c change, before string) string {
	if c.Data.LivedMS == nil {
		return ""
	}
	d := time.Duration(*c.Data.LivedMS * float64(time.Millisecond))
	switch {
	case d < time.Millisecond:
		d = d.Round(time.Microsecond)
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < time.Minute:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	return before + d.String()
}

// changedWords holds what a listener is now against what it was.
func changedWords(c change) string {
	l, was := c.Data.Listener, c.Data.Was
	if was == nil {
		was = &rtevent.Former{}
	}
	var parts []string
	for _, what := range c.Data.Differs {
		before, now := "", ""
		switch what {
		case rtevent.DiffersOwner:
			old := *l
			old.Holders = was.Holders
			now, _ = words.Who(*l)
			if len(was.Holders) > 0 {
				before, _ = words.Who(old)
			}
			if before == now {
				before, now = "", now+", started again"
			}
		case rtevent.DiffersFinding:
			before, now = spoke(l.Transport, was.Finding), spoke(l.Transport, l.Finding)
		case rtevent.DiffersVerdict:
			if was.Verdict != nil {
				before = words.Label(was.Verdict.Label)
			}
			if now = verdictWords(l.Verdict); before == now {
				before = ""
			}
		}
		if before != "" {
			now = "was " + before + ", is " + now
		}
		parts = append(parts, what+": "+now)
	}
	if parts == nil {
		return verdictWords(l.Verdict)
	}
	return strings.Join(parts, "; ")
}

func spoke(t rtevent.Transport, f *rtevent.Finding) string {
	if f == nil {
		return ""
	}
	protocol, rest := words.Speaks(t, f)
	return words.Phrases(60, append([]string{protocol}, rest...)...)
}

// asideGap is an error of reading, unless it only tells of a gap.
func asideGap(err error) error {
	var gap *wire.Gap
	if errors.As(err, &gap) {
		return nil
	}
	return err
}
