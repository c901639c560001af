package cli

import (
	"encoding/json"
	"slices"

	"rtevent"
	"rtevent/internal/words"
)

// eventFilter hands over the events that the flags ask for, each with its data where that had to be read.
type eventFilter struct {
	*watch
	each    func(rtevent.Event, rtevent.ListenerChange)
	settled bool            // what was there at the beginning has been told
	old     map[string]bool // its topics, where only what is new is asked for
}

func (o *watch) filter(each func(rtevent.Event, rtevent.ListenerChange)) *eventFilter {
	return &eventFilter{watch: o, each: each, old: map[string]bool{}}
}

func (f *eventFilter) event(e rtevent.Event) {
	var change rtevent.ListenerChange
	if f.reads(e) {
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return // an event of somebody else under our name
		}
	}
	if !f.isOld(e, change) && f.wants(e.Type, change) {
		f.each(e, change)
	}
}

// isOld tells whether an event is about what was there at the beginning, and that is to be left out.
func (f *eventFilter) isOld(e rtevent.Event, c rtevent.ListenerChange) bool {
	switch {
	case !f.newOnly:
		return false
	case !f.settled:
		f.old[e.Topic] = true
		return true
	case f.old[e.Topic] && e.Type == rtevent.ListenerIdentified:
		return c.Existing
	case gone(e.Type) != "":
		delete(f.old, e.Topic)
	}
	return false
}

// reads tells whether the data of an event has to be read to print it, or to know whether it is asked for. That takes
// longer than all the rest.
func (f *eventFilter) reads(e rtevent.Event) bool {
	return !f.json || f.old[e.Topic] ||
		len(f.wanted) > 0 || f.transport != "" || f.process != "" || len(f.labels) > 0 || f.severity != ""
}

// wants tells whether an event is asked for. Of one that was not read no more than its type is.
func (o *watch) wants(eventType string, c rtevent.ListenerChange) bool {
	if len(o.types) > 0 && !slices.Contains(o.types, words.Kind(eventType)) {
		return false
	}
	if c.Listener == nil {
		return true // what was missed may be what is asked for
	}
	l := *c.Listener
	return o.at(l, o.wanted) && o.held(l) && o.shown(l) && o.grave(l)
}

// grave tells whether a listener has a signal as severe as is asked for.
func (o *watch) grave(l rtevent.Listener) bool {
	if o.severity == "" {
		return true
	}
	least := slices.Index(severities, o.severity)
	return l.Verdict != nil && slices.ContainsFunc(l.Verdict.Signals, func(s rtevent.Signal) bool {
		return slices.Index(severities, string(s.Severity)) >= least
	})
}
