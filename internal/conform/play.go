// Playing a vector: we say our side of it, and hold the other side against what is written.

package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// player plays one vector.
type player struct {
	vector   *Vector
	names    names
	patience time.Duration
	streams  map[int]*stream
	requests map[int]*request
	talk     []string
	hide     string // never to be shown

	// open gives the connection of a step that has none yet.
	open func(ctx context.Context, s Step) (*stream, error)

	// aside answers what a client may say between the steps, and tells whether it was that.
	aside func(s *stream, line []byte, pattern string) bool

	delivered func(ctx context.Context, pattern string) error // nil when nobody tells
	none      func(ctx context.Context, d time.Duration) error
	watch     *watch
}

// run plays the blocks in order and tells what they showed. After a failure the rest cannot be reached.
func (p *player) run(ctx context.Context) []Result {
	defer func() {
		for _, s := range p.streams {
			s.close()
		}
	}()
	var results []Result
	broken := ""
	for _, b := range p.vector.Blocks {
		result := Result{Outcome: Pass, What: b.What, Vector: p.vector.Name}
		if broken != "" {
			result.Outcome, result.Why = Skip, "not reached: "+broken
		} else if err := p.block(ctx, b, &result); err != nil {
			result.Outcome, result.Why, result.Talk = Fail, err.Error(), slices.Clone(p.talk)
			broken = fmt.Sprintf("line %d of the vector failed before", result.Line)
		}
		results = append(results, perID(result, b.Holds)...)
	}
	return results
}

// perID makes one result per statement; a failed preparation is told under no number.
func perID(r Result, ids []string) []Result {
	if len(ids) == 0 && r.Outcome == Fail {
		return []Result{r}
	}
	all := make([]Result, len(ids))
	for i, id := range ids {
		all[i] = r
		all[i].ID = id
	}
	return all
}

func (p *player) block(ctx context.Context, b Block, r *Result) error {
	for _, s := range b.Steps {
		r.Line = s.Line
		if s.Do == doGot && p.delivered == nil {
			r.Outcome, r.Why = Skip, "nobody tells what the client delivered: pipe its output in"
			continue
		}
		if err := p.step(ctx, s); err != nil {
			return err
		}
	}
	if r.Outcome == Pass {
		r.Line = 0
	}
	return nil
}

func (p *player) step(ctx context.Context, s Step) error {
	switch {
	case s.Do == doWait:
		return p.wait(ctx, s.Text)
	case s.Do == doLet:
		return p.let(s.Text)
	case s.Do == doGot:
		text, err := p.names.fill(s.Text)
		if err != nil {
			return err
		}
		return p.delivered(ctx, text)
	case s.By != p.vector.Tests:
		return p.say(ctx, s)
	default:
		return p.expect(ctx, s)
	}
}

func (p *player) wait(ctx context.Context, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// let binds a name: "let long repeat 65536 x", "let many list 65 a.b", "let soon time 1h".
func (p *player) let(text string) error {
	text, err := p.names.fill(text)
	if err != nil {
		return err
	}
	f := strings.Fields(text)
	switch {
	case len(f) == 3 && f[1] == "time":
		d, err := time.ParseDuration(f[2])
		p.names[f[0]] = time.Now().Add(d).UTC().Format(time.RFC3339Nano)
		return err
	case len(f) == 4 && (f[1] == "repeat" || f[1] == "list"):
		n, err := count(f[2])
		if err != nil {
			return fmt.Errorf("let %s: %w", f[0], err)
		}
		if f[1] == "repeat" {
			p.names[f[0]] = strings.Repeat(f[3], n)
			return nil
		}
		list := make([]string, n)
		for i := range list {
			list[i] = f[3] + strconv.Itoa(i)
		}
		b, err := json.Marshal(list)
		p.names[f[0]] = string(b)
		return err
	}
	return fmt.Errorf("let %s: it is made by time, repeat or list", text)
}

// count reads "65" or "65536-250".
func count(s string) (int, error) {
	whole, less, minus := strings.Cut(s, "-")
	n, err := strconv.Atoi(whole)
	if err == nil && minus {
		var m int
		m, err = strconv.Atoi(less)
		n -= m
	}
	if err != nil || n < 0 || n > longest {
		return 0, fmt.Errorf("%q is no count", s)
	}
	return n, nil
}

// stream is the connection of a step, opened if it is new.
func (p *player) stream(ctx context.Context, s Step) (*stream, error) {
	if have := p.streams[s.Conn]; have != nil {
		return have, nil
	}
	made, err := p.open(ctx, s)
	if err != nil {
		return nil, err
	}
	p.streams[s.Conn] = made
	return made, nil
}

// say does a step of our own side.
func (p *player) say(ctx context.Context, s Step) error {
	text, err := p.names.fill(s.Text)
	if err != nil {
		return err
	}
	s.Text = text
	p.note(s, text)
	if r := p.requests[s.Conn]; r != nil || s.Do == doRequest {
		return p.ask(s)
	}
	on, err := p.stream(ctx, s)
	if s.Do == doRefused {
		return refusal(err)
	}
	if err != nil {
		return err
	}
	switch s.Do {
	case doSay:
		return on.say([]byte(text + "\n"))
	case doBytes:
		octets, err := strconv.Unquote(text)
		if err != nil {
			return fmt.Errorf("%s is no Go string", text)
		}
		return on.say([]byte(octets))
	case doEnd:
		return on.end()
	case doClose:
		on.close()
	}
	return nil // connect, tls, ws: it is open now
}

// refusal turns the outcome of a connection that must be refused.
func refusal(err error) error {
	if err == nil {
		return errors.New("it was accepted, and must be refused")
	}
	return nil
}

// expect holds the other side against a step.
func (p *player) expect(ctx context.Context, s Step) error {
	if s.Do == doNone {
		return p.expectNone(ctx, s)
	}
	on, err := p.stream(ctx, s)
	if err != nil {
		return err
	}
	switch s.Do {
	case doStatus, doHead:
		return p.expectAnswer(on, s)
	case doSilent:
		return p.expectSilence(ctx, on, s)
	case doEnd, doClose:
		return p.expectEnd(ctx, on, s)
	}
	until := time.Now().Add(p.patience)
	for {
		line, err := p.next(ctx, on, s, time.Until(until))
		if err != nil {
			return fmt.Errorf("want %s, but %w", s.Text, err)
		}
		if p.aside != nil && p.aside(on, line, s.Text) {
			continue
		}
		err = p.names.matchLine(s.Text, line)
		switch {
		case err == nil:
			return nil
		case s.Do == doUntil, isMark(line, on.lines) && !strings.Contains(s.Text, `"mark"`):
			continue
		}
		return fmt.Errorf("%w; want %s", err, s.Text)
	}
}

// next hears a line and notes it.
func (p *player) next(ctx context.Context, on *stream, s Step, patience time.Duration) ([]byte, error) {
	line, err := on.next(ctx, patience)
	switch {
	case errors.Is(err, io.EOF):
		p.note(s, "(the end)")
		return nil, errors.New("the stream ended")
	case err != nil:
		return nil, err
	}
	p.note(s, strings.TrimRight(string(line), "\r\n"))
	if p.watch != nil {
		p.watch.line(s.Conn, on, line)
	}
	return line, nil
}

func (p *player) expectSilence(ctx context.Context, on *stream, s Step) error {
	d, err := time.ParseDuration(s.Text)
	if err != nil {
		return err
	}
	for until := time.Now().Add(d); ; {
		line, err := on.next(ctx, max(0, time.Until(until)))
		switch {
		case errors.Is(err, errQuiet):
			return nil
		case err != nil && s.By == Client && ctx.Err() == nil:
			return nil // a client that leaves says nothing more
		case err != nil:
			return fmt.Errorf("want silence for %s, but the stream ended: %w", d, err)
		case isMark(line, on.lines):
			continue
		}
		p.note(s, strings.TrimRight(string(line), "\r\n"))
		return fmt.Errorf("want silence for %s, but something came: %s", d, clip(string(line), 200))
	}
}

// expectEnd waits for the end; what comes before it is passed over.
func (p *player) expectEnd(ctx context.Context, on *stream, s Step) error {
	for until := time.Now().Add(p.patience); ; {
		line, err := on.next(ctx, max(0, time.Until(until)))
		switch {
		case errors.Is(err, errQuiet):
			return fmt.Errorf("want the end of the connection, but it stays open for %s", p.patience)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			p.note(s, "(the end)")
			return nil // a reset is an end too
		}
		p.note(s, strings.TrimRight(string(line), "\r\n"))
	}
}

func isMark(line []byte, lines bool) bool {
	var m struct{ RT, Event string }
	if json.Unmarshal(line, &m) != nil {
		return false
	}
	return lines && m.RT == "mark" || !lines && m.Event == "mark"
}

// note remembers what was said and seen, for whoever has to find out why.
func (p *player) note(s Step, text string) {
	if p.hide != "" {
		text = strings.ReplaceAll(text, p.hide, "(token)")
	}
	if !utf8.ValidString(text) {
		text = strconv.Quote(text)
	}
	who := fmt.Sprintf("%c%d", s.By, s.Conn)
	if s.Do != doSay && s.Do != doUntil && s.Do != doSilent {
		who += " " + s.Do
	}
	p.talk = append(p.talk, who+": "+clip(text, 500))
}
