// The subscriptions of the tiny server.

package conform

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

type tinySub struct {
	Topics []string
	Types  []string
	From   string
	Mark   int
}

func (c *tinyConn) sub(object map[string]json.RawMessage) {
	q := tinySub{Topics: []string{">"}, From: "live", Mark: 15}
	bad := false
	for name, into := range map[string]any{"topics": &q.Topics, "types": &q.Types, "from": &q.From, "mark": &q.Mark} {
		if value, ok := object[name]; ok && (json.Unmarshal(value, into) != nil || string(value) == "null") {
			bad = true
		}
	}
	switch {
	case bad:
		c.fail(400, "bad-line", nil)
	case c.subscribed && c.fault != "RTE-8.1-2":
		c.fail(409, "already-subscribed", nil)
	case len(q.Topics) > 64:
		c.fail(431, "too-many-topics", nil)
	case slices.ContainsFunc(q.Topics, func(f string) bool { return !tinyFilter(f, true) }) && c.fault != "RTE-10-2":
		c.fail(423, "bad-topic", nil)
	default:
		c.begin(q)
	}
}

// begin finds the place to start from.
func (c *tinyConn) begin(q tinySub) {
	c.tiny.mu.Lock()
	newest := uint64(len(c.events))
	events := c.events
	c.tiny.mu.Unlock()
	at := newest
	reset := func(reason string) {
		c.send(word{"rt": "reset", "reason": reason, "oldest": tinyCursor(0), "newest": tinyCursor(newest)})
	}
	switch when, err := time.Parse(time.RFC3339Nano, q.From); {
	case q.From == "live", q.From == "state":
	case q.From == "oldest":
		at = 0
	case err == nil:
		if i := slices.IndexFunc(events, func(e tinyEvent) bool { return !e.stored.Before(when) }); i >= 0 {
			at = uint64(i)
		}
	case cursor.MatchString(q.From):
		epoch, number, _ := strings.Cut(q.From, ".")
		n, err := strconv.ParseUint(number, 10, 64)
		switch {
		case err != nil:
			c.fail(400, "bad-line", nil)
			return
		case epoch != "tiny1":
			reset("epoch")
			return
		case n > newest && c.fault != "RTE-8.4-1":
			reset("future")
			return
		}
		if at = n; c.fault == "RTE-8.2-3" {
			at = n - 1
		}
	default:
		c.fail(400, "bad-line", nil)
		return
	}
	c.mu.Lock()
	c.subscribed, c.at = true, at
	c.mu.Unlock()
	c.send(word{"rt": "ok", "at": tinyCursor(at)})
	c.sending.Go(func() { c.stream(q, at, events) })
}

func (q tinySub) takes(e tinyEvent) int {
	n := 0
	for _, f := range q.Topics {
		if tinyMatch(strings.Split(f, "."), strings.Split(e.topic, ".")) && (len(q.Types) == 0 || slices.Contains(q.Types, e.kind)) {
			n++
		}
	}
	return n
}

func tinyMatch(filter, topic []string) bool {
	switch {
	case len(filter) == 0 || len(topic) == 0:
		return len(filter) == len(topic)
	case filter[0] == ">":
		return true
	}
	return (filter[0] == "*" || filter[0] == topic[0]) && tinyMatch(filter[1:], topic[1:])
}

func (c *tinyConn) event(n uint64, e tinyEvent) {
	line := maps.Clone(e.line)
	line["cursor"] = json.RawMessage(strconv.Quote(tinyCursor(n)))
	c.send(line)
}

// stream sends the state if it was asked for, then what follows, with marks between.
func (c *tinyConn) stream(q tinySub, at uint64, kept []tinyEvent) {
	if q.From == "state" {
		last := map[string]int{}
		for i, e := range kept {
			last[e.topic] = i
		}
		for i, e := range kept {
			if last[e.topic] == i && q.takes(e) > 0 {
				c.event(uint64(i+1), e)
			}
		}
	}
	live := false
	mark := time.NewTicker(time.Duration(max(q.Mark, 1)) * time.Second)
	defer mark.Stop()
	for {
		c.tiny.mu.Lock()
		events, grown := c.events, c.grown
		c.tiny.mu.Unlock()
		for ; at < uint64(len(events)); at++ {
			times := q.takes(events[at])
			if c.fault != "RTE-8.1-4" {
				times = min(times, 1)
			}
			for range times {
				c.event(at+1, events[at])
			}
		}
		c.mu.Lock()
		c.at = at
		c.mu.Unlock()
		if !live {
			live = true
			c.send(word{"rt": "live", "at": tinyCursor(at)})
		}
		select {
		case <-grown:
		case <-mark.C:
			if c.fault != "RTE-8.6-1" {
				c.send(word{"rt": "mark", "at": tinyCursor(at)})
			}
		case <-c.done:
			return
		}
	}
}
