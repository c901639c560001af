// Package page is what a browser sees of rtevent: what listens, live; a page for every port; the journal; the registry.
//
// Everything is HTML made here, which reads without scripts; small modules in assets make it live. It shows the journal as
// any subscriber knows it: it follows the tail, and reads back when somebody looks at the past. Every value that came from
// a socket, a process or a file is made printable in Go and escaped by the templates.
package page

import (
	"context"
	"fmt"
	"html/template"
	"iter"
	"net/http"
	"sync"
	"time"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/tail"
	"rtevent/internal/wire"
)

// Source is the journal, as far as the page needs it.
type Source interface {
	Bounds() wire.Bounds
	Tail() *tail.Tail

	// Read yields the events after a number, up to the newest; a *wire.Gap comes in place and reading goes on.
	Read(ctx context.Context, after uint64) iter.Seq2[wire.Entry, error]

	// ReadTopic is Read of the topics that the filter takes.
	ReadTopic(ctx context.Context, after uint64, filter string) iter.Seq2[wire.Entry, error]

	// State yields the last event of each matching topic, all at or before at.
	State(ctx context.Context, match func(topic string) bool) (at uint64, entries iter.Seq2[wire.Entry, error])

	// StateAt is State as it was when the event of that number had just come.
	StateAt(ctx context.Context, at uint64, match func(topic string) bool) (iter.Seq2[wire.Entry, error], error)

	// After is the number before the first event stored at or after a time.
	After(ctx context.Context, t time.Time) (uint64, error)
}

// Options say what to show.
type Options struct {
	Source   Source
	Registry *iana.Registry

	// Coverage says how the host is seen and what cannot be. It is asked for each page.
	Coverage func() rtevent.Coverage

	Host    string // the name of this host
	Version string // of rtevent
}

// Page is an http.Handler for everything that a person looks at.
type Page struct {
	Options
	mux       *http.ServeMux
	assets    map[string]asset
	templates map[string]*template.Template
	mirror    mirror
	life      func() life // of all ports; the first call takes about a second
}

// New makes the handler. It works at once; Run keeps what it shows ready in memory.
func New(o Options) (*Page, error) {
	p := &Page{Options: o, mux: http.NewServeMux(), mirror: mirror{source: o.Source}}
	p.life = sync.OnceValue(func() life { return lifeOf(o.Registry) })
	var err error
	if p.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	if p.templates, err = loadTemplates(); err != nil {
		return nil, fmt.Errorf("read the page's templates: %w", err)
	}
	p.routes()
	return p, nil
}

// Run follows the journal until ctx ends, so that a page need not wait for it.
func (p *Page) Run(ctx context.Context) error { return p.mirror.follow(ctx) }

func (p *Page) routes() {
	for path, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"/{$}":                p.listeners,
		"/listeners":          p.listeners,
		"/listeners/rows":     p.rows,
		"/coverage":           p.coverage,
		"/ports":              p.findPort,
		"/ports/{port}":       p.port,
		"/events":             p.events,
		"/events/{cursor}":    p.event,
		"/registry":           p.registry,
		"/registry/search":    p.search,
		"/registry/at":        p.pointed,
		"/registry/{map}":     p.lifeMap,
		"/registry/block/{n}": p.block,
		"/assets/{file}":      p.asset,
		"/favicon.ico":        p.favicon,
		"/":                   p.nowhere,
	} {
		p.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := handle(w, r); err != nil {
				p.failed(w, r, err)
			}
		})
	}
}

// ServeHTTP answers GET and HEAD.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		p.failed(w, r, &failure{http.StatusMethodNotAllowed, "this page is only read: GET or HEAD"})
		return
	}
	p.mux.ServeHTTP(w, r)
}

// policy lets a page load from this server alone, run no script and no style that stands in the HTML, and be framed by
// nobody.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
