// This file tells what happened to a listener.

package words

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rtevent"
)

// Kinds lists what can happen to a listener: the types of its events without what all have in common.
func Kinds() []string {
	return []string{"opened", "identified", "changed", "closed", "short-lived", "failed", "gap"}
}

// Kind is the type of an event in short; a type that tells of no listener stays as it is.
func Kind(eventType string) string { return strings.TrimPrefix(eventType, "rtevent.listener.") }

// Happened tells what an event says of its listener, the most telling first.
func Happened(eventType string, c rtevent.ListenerChange) []string {
	l := c.Listener
	if l == nil {
		if c.Gap != nil {
			return []string{Gap(*c.Gap)}
		}
		return nil
	}
	name, held := Who(*l)
	switch eventType {
	case rtevent.ListenerOpened:
		return append([]string{holderName(*l, name)}, held...)
	case rtevent.ListenerFailed:
		return append([]string{name + " was refused: somebody else has the port"}, held...)
	case rtevent.ListenerClosed, rtevent.ListenerShortLived:
		return append([]string{spokenBy(*l, name), lived(c.LivedMS)}, held...)
	case rtevent.ListenerChanged:
		return append(append([]string{spokenBy(*l, name)}, Differences(c)...), held...)
	default:
		return append([]string{spokenBy(*l, name)}, held...)
	}
}

// spokenBy says what a listener speaks and who holds it: "http nginx 1.22.1 by nginx".
func spokenBy(l rtevent.Listener, name string) string {
	if l.Finding == nil || l.Finding.NotAsked != "" {
		return name
	}
	protocol, rest := Speaks(l.Transport, l.Finding)
	if protocol == "-" {
		return Phrases(0, name, strings.Join(rest, ", "))
	}
	return strings.TrimSpace(protocol+" "+Phrases(0, rest...)) + " by " + name
}

// holderName adds the number of the process that opened a listener.
func holderName(l rtevent.Listener, name string) string {
	if o := mainHolder(l); o.PID > 0 && (o.Exe != "" || o.Name != "") {
		return fmt.Sprintf("%s pid %d", name, o.PID)
	}
	return name
}

// lived is how long a listener was there, as a person would tell it.
func lived(ms *float64) string {
	if ms == nil {
		return ""
	}
	switch d := time.Duration(*ms * float64(time.Millisecond)); {
	case d < time.Millisecond:
		return "after " + d.Round(time.Microsecond).String()
	case d < time.Minute:
		return "after " + d.Round(time.Millisecond).String()
	default:
		return "after " + d.Round(time.Second).String()
	}
}

// Differences tells what a listener is now and was before.
func Differences(c rtevent.ListenerChange) []string {
	var told []string
	if c.Was == nil || c.Listener == nil {
		return nil
	}
	for _, what := range c.Differs {
		switch what {
		case rtevent.DiffersOwner:
			told = append(told, "held by another: was "+formerHolder(c.Was.Holders)+", is "+formerHolder(c.Listener.Holders))
		case rtevent.DiffersFinding:
			told = append(told, "speaks otherwise: was "+formerFinding(c, c.Was.Finding)+", is "+formerFinding(c, c.Listener.Finding))
		case rtevent.DiffersVerdict:
			told = append(told, "judged otherwise: was "+formerVerdict(c.Was.Verdict)+", is "+formerVerdict(c.Listener.Verdict))
		}
	}
	return told
}

func formerHolder(holders []rtevent.Owner) string {
	o := mainHolder(rtevent.Listener{Holders: holders})
	if len(holders) == 0 || o.PID == 0 && o.Name == "" && o.Exe == "" {
		return "nobody who could be seen"
	}
	return fmt.Sprintf("%s pid %d", ownerName(o), o.PID)
}

func formerFinding(c rtevent.ListenerChange, f *rtevent.Finding) string {
	protocol, rest := Speaks(c.Listener.Transport, f)
	if protocol == "-" || protocol == "?" {
		protocol = ""
	}
	return strings.TrimSpace(protocol + " " + Phrases(0, rest...))
}

func formerVerdict(v *rtevent.Verdict) string {
	if v == nil {
		return "not judged"
	}
	ids := []string{Label(v.Label)}
	for _, s := range v.Signals {
		if s.Severity == rtevent.High || s.Severity == rtevent.Medium {
			ids = append(ids, s.ID)
		}
	}
	return strings.Join(slices.Compact(ids), " ")
}
