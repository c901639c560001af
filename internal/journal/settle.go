// Storing, the second half: what the engine has acknowledged is synced once for all, becomes visible and is acknowledged.

package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

const (
	mostGroup = 1024                   // acknowledged together
	engineAck = 5 * time.Second        // after which the engine is taken to be stuck,
	fullAck   = 500 * time.Millisecond // or after this when its disk is full
)

// settle takes flights in their order as the engine acknowledges them, group by group, until there are no more. If the
// engine gets stuck it returns those that it had taken and not settled.
func (j *Journal) settle(flights <-chan *flight, acks <-chan *nats.Msg) ([]*flight, error) {
	var group []*flight
	for {
		group = group[:0]
		for len(group) < mostGroup {
			f := receive(flights, len(group) == 0)
			if f == nil {
				break
			}
			group = append(group, f)
		}
		if len(group) == 0 {
			return nil, nil
		}
		for rest := group; len(rest) > 0; {
			n, err := j.acknowledged(rest, acks)
			if err != nil {
				return rest, err
			}
			if err := j.settleGroup(rest[:n]); err != nil {
				return rest, err
			}
			rest = rest[n:]
		}
	}
}

// receive returns the next flight, if need be after waiting for it; nil when there is none.
func receive(flights <-chan *flight, wait bool) *flight {
	if wait {
		return <-flights
	}
	select {
	case f := <-flights:
		return f
	default:
		return nil
	}
}

// acknowledged waits for the acknowledgement of the first of a group, takes the others that have come as well, and
// returns how many flights have one or need none.
func (j *Journal) acknowledged(group []*flight, acks <-chan *nats.Msg) (int, error) {
	for n, f := range group {
		if f.first != nil || f.err != nil {
			continue
		}
		ack, err := j.await(acks, n == 0)
		if err != nil {
			return 0, err
		} else if ack == nil {
			return n, nil
		}
		if err := f.land(ack); err != nil {
			return 0, err
		}
	}
	return len(group), nil
}

// await returns the next acknowledgement, if need be after waiting for it; nil when there is none.
func (j *Journal) await(acks <-chan *nats.Msg, wait bool) (*nats.Msg, error) {
	select {
	case ack := <-acks:
		return ack, nil
	default:
		if !wait {
			return nil, nil
		}
	}
	for waited := time.Duration(0); waited < engineAck; waited += fullAck {
		select {
		case ack := <-acks:
			return ack, nil
		case <-time.After(fullAck):
			if j.disk.full() != nil {
				return nil, stuck("nothing acknowledged, and its disk is full")
			}
		}
	}
	return nil, stuck("nothing acknowledged for %v", engineAck)
}

// land reads what the engine says of a flight.
func (f *flight) land(m *nats.Msg) error {
	if m.Header.Get("Status") == "503" {
		return stuck("no stream answers")
	}
	ack, err := parseAck(m.Data)
	if err != nil {
		return err
	}
	switch {
	case ack.Error != nil && ack.Error.Code >= 500:
		return stuck("it says %.200q", ack.Error.Description)
	case ack.Error != nil:
		f.err = fmt.Errorf("store: the engine says %.200q", ack.Error.Description)
	case ack.Duplicate && !f.again:
		f.first = &flight{seq: ack.Seq}
	default:
		f.seq = ack.Seq
	}
	return nil
}

// ack is the engine's acknowledgement.
type ack struct {
	Seq       uint64 `json:"seq"`
	Duplicate bool   `json:"duplicate"`
	Error     *struct {
		Code        int    `json:"code"`
		Description string `json:"description"`
	} `json:"error"`
}

var ackBegins = []byte(`{"stream":"` + logStream + `", "seq":`)

// parseAck reads an acknowledgement; the usual one without a JSON parser, for there is one an event.
func parseAck(b []byte) (ack, error) {
	if digits, ok := bytes.CutPrefix(b, ackBegins); ok {
		if seq, err := strconv.ParseUint(strings.TrimSuffix(string(digits), "}"), 10, 64); err == nil && seq > 0 {
			return ack{Seq: seq}, nil
		}
	}
	var a ack
	if err := json.Unmarshal(b, &a); err != nil || a.Error == nil && a.Seq == 0 {
		return a, stuck("it says %.200q", b)
	}
	return a, nil
}

// settleGroup makes a group durable and visible, and answers for it.
func (j *Journal) settleGroup(group []*flight) error {
	highest := uint64(0)
	for _, f := range group {
		highest = max(highest, f.seq) // of a repetition it is not known yet
	}
	if err := j.disk.settle(highest); err != nil {
		return errors.Join(errDisk, err)
	}
	if !j.engine.Load().shared {
		if err := j.show(group); err != nil {
			return err
		}
	}
	j.finish(group, nil)
	return nil
}

// errDisk says that what was written may not be on the disk, and cannot be known to be.
var errDisk = errors.New("the disk does not keep its promise")

// show makes stored events visible.
func (j *Journal) show(group []*flight) error {
	lines := make([]tail.Line, 0, len(group))
	newest := j.newest.Load()
	for _, f := range group {
		if f.first != nil || f.err != nil {
			continue
		}
		if f.seq <= newest {
			return fmt.Errorf("%w: the engine gave the number %d twice", errLost, f.seq)
		}
		newest = f.seq
		lines = append(lines, tail.Line{Seq: f.seq, Topic: f.Topic, Bytes: wire.Stamp(f.Line, j.cursor(f.seq))})
	}
	j.append(lines)
	return nil
}

// append adds to what is visible. Its order matters: whoever learns of a state can read on after it.
func (j *Journal) append(lines []tail.Line) {
	if len(lines) == 0 {
		return
	}
	j.newest.Store(lines[len(lines)-1].Seq)
	j.tail.Append(lines...)
	j.state.show(lines)
}
