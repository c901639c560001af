package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"

	"rtevent"
)

// rows takes the listeners as they are known, then what could be seen of the host; it keeps the first error of
// writing for the end.
type rows interface {
	row(rtevent.Listener)
	end(rtevent.Coverage) (total, error)
}

// total is what the listeners add up to.
type total struct {
	Listeners int `json:"listeners"`
	verdicts
}

func (t *total) add(l rtevent.Listener) {
	t.Listeners++
	t.verdicts.add(strconv.Itoa(int(l.Port)), l.Claim, l.Verdict)
}

// verdicts counts them.
type verdicts struct {
	Identified   int `json:"identified"`
	Mislabelled  int `json:"mislabelled"`
	Unidentified int `json:"unidentified"`
	NotAsked     int `json:"not_asked"`
	Scrutiny     int `json:"scrutiny"`
	scrutinised  []string
	ghosts       bool
}

// mostScrutinised bounds the names that are kept.
const mostScrutinised = 100

func (t *verdicts) add(name string, claim *rtevent.Claim, v *rtevent.Verdict) {
	switch v.Label {
	case rtevent.NotAsked:
		t.NotAsked++
	case rtevent.Unidentified:
		t.Unidentified++
	default:
		t.Identified++
	}
	if v.Label == rtevent.Mislabelled {
		t.Mislabelled++
	}
	if v.Scrutiny() {
		t.Scrutiny++
		if len(t.scrutinised) < mostScrutinised && !slices.Contains(t.scrutinised, name) {
			t.scrutinised = append(t.scrutinised, name)
		}
	}
	t.ghosts = t.ghosts || claim.Level == rtevent.Ghost
}

// outcome turns the total into the end of the command.
func (t total) outcome(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted: what is above is partial")
	case t.Listeners == 0:
		return outcome(exitNothing)
	case t.Scrutiny > 0:
		return outcome(exitScrutiny)
	default:
		return nil
	}
}

// jsonRows prints a line a listener and a last line of another kind; each names its schema.
type jsonRows struct {
	out   io.Writer
	total total
	err   error
}

func (j *jsonRows) row(l rtevent.Listener) {
	j.total.add(l)
	j.write(struct {
		Schema string `json:"schema"`
		Kind   string `json:"kind"`
		rtevent.Listener
	}{rtevent.Schema, "listener", l})
}

func (j *jsonRows) end(coverage rtevent.Coverage) (total, error) {
	j.write(struct {
		Schema   string           `json:"schema"`
		Kind     string           `json:"kind"`
		Total    total            `json:"total"`
		Coverage rtevent.Coverage `json:"coverage"`
	}{rtevent.Schema, "summary", j.total, coverage})
	return j.total, j.err
}

func (j *jsonRows) write(v any) {
	if j.err == nil {
		j.err = printJSON(j.out, v)
	}
}
