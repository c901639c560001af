// This file sends what the handlers made: HTML, JSON and files, compressed for whoever takes that.

package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"rtevent/internal/wire"
	"rtevent/internal/words"
)

// frame is what every page has around its own.
type frame struct {
	Title   string
	Section string // which of the sections it belongs to: listeners, events, registry
	Host    string
	Version string
}

func (p *Page) frame(section, title string) frame {
	return frame{Title: title, Section: section, Host: words.Printable(p.Host), Version: words.Printable(p.Version)}
}

// failure is an error that the visitor can do something about.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

func notFound(format string, args ...any) error {
	return &failure{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func gone(format string, args ...any) error {
	return &failure{http.StatusGone, fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) error {
	return &failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// failed answers with an error. It is the one place where an error becomes a status.
func (p *Page) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	status := http.StatusInternalServerError
	var f *failure
	switch {
	case errors.As(err, &f):
		status = f.status
	case errors.Is(err, wire.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	text := words.Printable(err.Error())
	if wantsJSON(r) {
		_ = send(w, r, status, "application/json", jsonLine(map[string]any{"error": text, "status": status}))
		return
	}
	view := struct {
		frame
		Status int
		Text   string
	}{p.frame("", http.StatusText(status)), status, text}
	if err := p.html(w, r, status, "error.html", view); err != nil {
		http.Error(w, "rtevent: "+text, status)
	}
}

func (p *Page) nowhere(_ http.ResponseWriter, r *http.Request) error {
	return notFound("there is no page %s", words.Fit(r.URL.Path, 80))
}

// html fills a template and sends it whole, so that an error in the middle is still an error.
func (p *Page) html(w http.ResponseWriter, r *http.Request, status int, name string, view any) error {
	var b bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&b, "layout", view); err != nil {
		return fmt.Errorf("fill the template %s: %w", name, err)
	}
	return send(w, r, status, "text/html; charset=utf-8", b.Bytes())
}

// least is the size from which on compressing is worth it, in bytes.
const least = 1000

// send writes a body that is valid now only.
func send(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) error {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Add("Vary", "Accept")
	header.Add("Vary", "Accept-Encoding")
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-cache")
	}
	if len(body) >= least && takesGzip(r) {
		body = zipped(body, gzip.DefaultCompression)
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(body) // whoever went away does not wait for an error
	return nil
}

func zipped(body []byte, level int) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err) // the levels are constants
	}
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}

func takesGzip(r *http.Request) bool {
	return accepts(r.Header.Get("Accept-Encoding"), "gzip")
}

// wantsJSON tells whether a program asks: one that names JSON and not HTML.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return !accepts(accept, "text/html") && (accepts(accept, "application/json") || accepts(accept, "application/x-ndjson"))
}

// accepts tells whether a header lists a value, and not with a weight of zero.
func accepts(header, value string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, params, err := mime.ParseMediaType(item)
		if err == nil && name == value {
			weight, err := strconv.ParseFloat(params["q"], 64)
			return err != nil || weight > 0
		}
	}
	return false
}

// jsonLine is an object as a line; what a terminal could take for orders is escaped in it.
func jsonLine(v any) []byte {
	line, err := words.JSON(v)
	if err != nil {
		line = fmt.Appendf(nil, "{\"error\":%q}\n", err.Error())
	}
	return line
}
