package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/client"
	"rtevent/internal/words"
)

// pub publishes events.
type pub struct {
	calling
	files  []string
	kind   string
	source string
	id     string
	rate   float64
	json   bool
}

func newPub() *cobra.Command {
	var o pub
	c := &cobra.Command{
		Use:   "pub [TOPIC [DATA...]]",
		Short: "Publish events on an rt-event server",
		Long: `pub publishes each DATA as an event on the topic, and returns when the server has stored it. DATA is JSON, or else text.
Without DATA it reads lines, from standard input or the files of --file: a line that is a CloudEvent is published as it
is (without TOPIC on its own topic); any other is the data of an event.

Exit codes: 0 all are stored, 1 some were refused, 2 nobody there, 3 not permitted, 4 bad input, 5 something broke.`,
		Example: `  rtevent pub doors.lab '{"open":true}'
  rtevent pub --file events.ndjson --rate 100
  tail -f access.log | rtevent pub web.access --type com.example.access`,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	o.calling.flags(c)
	f := c.Flags()
	f.StringSliceVar(&o.files, "file", nil, "read lines from these `files`; - is standard input")
	f.StringVar(&o.kind, "type", "", "the events' `type` (default the topic)")
	f.StringVar(&o.source, "source", "", "the events' `source` (default //HOST/pub)")
	f.StringVar(&o.id, "id", "", "the event's `id`, for one event: repeating it stores nothing twice")
	f.Float64Var(&o.rate, "rate", 0, "publish this many events a second")
	f.BoolVar(&o.json, "json", false, "print each event's answer, one JSON object a line")
	return c
}

func (o *pub) run(c *cobra.Command, args []string) error {
	topic := ""
	if len(args) > 0 {
		topic = args[0]
		if err := rtevent.CheckTopic(topic); err != nil {
			return badInput("", "%s", err)
		}
	} else if len(o.files) == 0 {
		return badInput("`rtevent pub doors.lab '{\"open\":true}'`", "pub takes a TOPIC, or events in --file FILE")
	}
	if !(o.rate >= 0) { // NaN is neither
		return badInput("", "--rate %v: want 0 or more", o.rate)
	}
	if o.source == "" {
		host, _ := os.Hostname()
		o.source = "//" + host + "/pub"
	}
	server, err := o.dial(c, o.source)
	if err != nil {
		return err
	}
	defer server.Close()
	p := publishing{pub: o, client: server, topic: topic, out: c.OutOrStdout(), errOut: c.ErrOrStderr()}
	err = o.feed(c, args, p.publish)
	return o.explain(c.Context(), errors.Join(err, p.settle(c.Context())))
}

// feed hands over what is to be published, text by text.
func (o *pub) feed(c *cobra.Command, args []string, each func(context.Context, []byte) error) error {
	if len(args) > 1 {
		for _, data := range args[1:] {
			if err := each(c.Context(), []byte(data)); err != nil {
				return err
			}
		}
		return nil
	}
	files := o.files
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		if err := o.read(c, name, each); err != nil {
			return err
		}
	}
	return nil
}

func (o *pub) read(c *cobra.Command, name string, each func(context.Context, []byte) error) error {
	in := c.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return badInput("", "read events: %s", err)
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if text := bytes.TrimSpace(lines.Bytes()); len(text) > 0 {
			if err := each(c.Context(), text); err != nil {
				return fmt.Errorf("%s line %d: %w", name, n, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events from %s: %w", name, err)
	}
	return nil
}

// publishing is pub under way.
type publishing struct {
	*pub
	client      *client.Client
	topic       string
	out, errOut io.Writer

	sent    int
	began   time.Time
	waiting []*client.Pending
	refused int
}

// publish sends one event, at its time. Answers are looked at as they come.
func (p *publishing) publish(ctx context.Context, text []byte) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	line, err := p.event(text)
	if err != nil {
		return err
	}
	pending, err := p.client.PublishLine(ctx, line)
	if err != nil {
		return err
	}
	p.sent++
	p.waiting = append(p.waiting, pending)
	for len(p.waiting) > 0 {
		select {
		case <-p.waiting[0].Done():
			if err := p.answer(ctx); err != nil {
				return err
			}
			continue
		default:
		}
		break
	}
	return nil
}

// wait keeps the rate.
func (p *publishing) wait(ctx context.Context) error {
	if p.sent == 0 {
		p.began = time.Now()
	}
	if p.rate == 0 {
		return nil
	}
	select {
	case <-time.After(time.Until(p.began.Add(time.Duration(float64(p.sent) / p.rate * float64(time.Second))))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// event is the line to publish: a CloudEvent as it is, anything else as the data of one.
func (p *publishing) event(text []byte) ([]byte, error) {
	var e rtevent.Event
	if bytes.Contains(text, []byte(`"specversion"`)) && json.Unmarshal(text, &e) == nil && e.Type != "" {
		if p.topic == "" || e.Topic == p.topic {
			return text, nil
		}
		e.Topic = p.topic
		return json.Marshal(e)
	}
	if p.topic == "" {
		return nil, badInput("give the topic for data that is no event", "%.60q is no CloudEvent", text)
	}
	e = rtevent.Event{ID: p.id, Source: p.source, Type: p.kind, Topic: p.topic, Time: time.Now().UTC(), Data: text}
	if e.ID == "" || p.sent > 0 {
		e.ID = rand.Text()
	}
	if e.Type == "" {
		e.Type = p.topic
	}
	if !json.Valid(text) {
		e.Data, _ = json.Marshal(string(text))
		e.DataContentType = "text/plain"
	}
	return json.Marshal(e)
}

// answer takes the answer to the oldest event that waits for one.
func (p *publishing) answer(ctx context.Context) error {
	ack, err := p.waiting[0].Wait(ctx)
	p.waiting = p.waiting[1:]
	var said *client.Error
	switch {
	case errors.As(err, &said) && said.Code != 401 && said.Code != 403:
		p.refused++
		fmt.Fprintf(p.errOut, "rtevent: refused: %s\n", words.Printable(said.Error()))
		return nil
	case err != nil:
		return err
	case p.json:
		return json.NewEncoder(p.out).Encode(map[string]any{"at": ack.Cursor.String(), "duplicate": ack.Duplicate})
	}
	return nil
}

// settle waits for the answers that are still to come, and says what became of all.
func (p *publishing) settle(ctx context.Context) error {
	for len(p.waiting) > 0 {
		if err := p.answer(ctx); err != nil {
			return err
		}
	}
	if p.refused > 0 {
		return outcome(exitScrutiny)
	}
	return nil
}
