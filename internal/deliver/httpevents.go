package deliver

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// getEvents subscribes: as SSE, as NDJSON, or as the page for people.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	accept := r.Header.Get("Accept")
	switch {
	case headerHas(r.Header, "Upgrade", "websocket"):
		s.webSocket(w, r)
	case strings.Contains(accept, "text/event-stream"):
		s.stream(w, r, "text/event-stream", formatSSE)
	case strings.Contains(accept, "text/html") && s.Page != nil:
		s.page(w, r)
	default:
		s.stream(w, r, "application/x-ndjson", formatLine)
	}
}

func headerHas(h http.Header, name, value string) bool {
	for _, v := range h.Values(name) {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), value) {
				return true
			}
		}
	}
	return false
}

// stream sends a feed as the answer.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, contentType string, format format) {
	request, fault := readQuery(r.URL.Query(), r.Header.Get("Last-Event-ID"))
	if fault != nil {
		s.fail(w, fault)
		return
	}
	out := &responseSink{w: w, control: http.NewResponseController(w), stall: s.Limits.Stall, format: format}
	f, fault := s.newFeed(request.Request, peerOf(r), out)
	if fault != nil {
		s.fail(w, fault)
		return
	}
	f.limit, f.until = request.limit, request.until
	reset, err := f.begin(r.Context())
	if err != nil {
		s.fail(w, faultOf(err))
		return
	}
	out.epoch, out.state = f.epoch, f.start.Where == "state"
	h := w.Header()
	h.Set("Content-Type", mime.FormatMediaType(contentType, map[string]string{"charset": "utf-8"}))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	_ = out.control.SetReadDeadline(time.Time{})
	if reset != nil {
		_ = out.Word(*reset)
		return
	}
	if out.Word(f.ok()) != nil {
		return
	}
	if bye := f.goodbye(f.run(r.Context())); bye != nil {
		_ = out.Word(*bye)
	}
}

// query is a subscription as a URL says it.
type query struct {
	wire.Request
	limit int
	until bool
}

func readQuery(values url.Values, lastEventID string) (q query, fault *wire.Error) {
	q.Topics, q.Types = values["topic"], values["type"]
	from := values.Get("from")
	if lastEventID != "" {
		from = lastEventID
	}
	var err error
	if q.From, err = wire.ParseStart(from); err != nil {
		return q, wire.Errorf(wire.BadLine, "from: %v", err)
	}
	if q.limit, err = number(values, "limit", 1, 1<<31); err != nil {
		return q, wire.Errorf(wire.BadLine, "%v", err)
	}
	seconds, err := number(values, "mark", 0, 1<<31)
	if err != nil {
		return q, wire.Errorf(wire.BadLine, "%v", err)
	}
	if seconds > 0 {
		q.Mark = time.Duration(min(seconds, 300)) * time.Second
	}
	switch until := values.Get("until"); until {
	case "", "live":
		q.until = until == "live"
	default:
		return q, wire.Errorf(wire.BadLine, "until: want live")
	}
	return q, q.CheckFilters()
}

// number is a member of a query, or 0.
func number(values url.Values, name string, least, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, errors.New(name + ": want a number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most))
	}
	return n, nil
}

// format writes a line as one dialect of HTTP has it. An event has a cursor and no word.
type format func(dst []byte, word, cursor string, line []byte) []byte

// formatLine is NDJSON.
func formatLine(dst []byte, _, _ string, line []byte) []byte { return append(dst, line...) }

// formatSSE is an event of a stream that EventSource reads. Its id is what the browser resumes with.
func formatSSE(dst []byte, word, cursor string, line []byte) []byte {
	if word != "" {
		dst = append(append(append(dst, "event: "...), word...), '\n')
	}
	if cursor != "" || word == "reset" { // an empty id makes the browser forget the last
		dst = append(append(append(dst, "id: "...), cursor...), '\n')
	}
	dst = append(append(dst, "data: "...), line...)
	return append(dst, '\n')
}

// responseSink is the sink of the dialects that are an HTTP answer.
type responseSink struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	format  format
	epoch   string
	state   bool // the feed begins with the state: until it is live there is nowhere to resume

	lines gathered
	one   []byte
}

func (o *responseSink) Batch(b tail.Batch) error {
	for seq, line := range b.Lines() {
		if err := o.Line(seq, line); err != nil {
			return err
		}
	}
	return o.Flush()
}

func (o *responseSink) Line(seq uint64, line []byte) error {
	var room [64]byte
	var cursor []byte
	if seq > 0 {
		cursor = strconv.AppendUint(append(append(room[:0], o.epoch...), '.'), seq, 10)
	}
	o.one = o.format(o.one[:0], "", string(cursor), line)
	if o.lines.add(o.one) {
		return o.Flush()
	}
	return nil
}

func (o *responseSink) Word(w wire.Word) error {
	at := w.At
	if w.RT == "ok" && o.state {
		at = ""
	}
	o.lines.add(o.format(nil, w.RT, at, wire.Line(w)))
	return o.Flush()
}

func (o *responseSink) Flush() error { return o.lines.write(o.write) }

func (o *responseSink) write(b []byte) error {
	_ = o.control.SetWriteDeadline(time.Now().Add(o.stall))
	if _, err := o.w.Write(b); err != nil {
		return err
	}
	return o.control.Flush()
}
