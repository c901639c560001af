package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"time"

	"rtevent"
	"rtevent/internal/words"
)

//go:embed assets templates
var files embed.FS

// asset is a file that never changes while this program runs.
type asset struct {
	kind          string
	plain, zipped []byte
	tag           string
}

func loadAssets() (map[string]asset, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return nil, err
	}
	assets := map[string]asset{}
	for _, e := range entries {
		content, err := files.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		assets[e.Name()] = asset{
			kind: kinds[path.Ext(e.Name())], plain: content, zipped: zipped(content, gzip.BestCompression),
			tag: `"` + hex.EncodeToString(sum[:8]) + `"`,
		}
	}
	return assets, nil
}

func (p *Page) asset(w http.ResponseWriter, r *http.Request) error {
	a, ok := p.assets[r.PathValue("file")]
	if !ok {
		return notFound("there is no file %s", words.Fit(r.URL.Path, 80))
	}
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", a.tag)
	header.Add("Vary", "Accept-Encoding")
	body := a.plain
	if takesGzip(r) && r.Header.Get("Range") == "" {
		body = a.zipped
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}

func (p *Page) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/assets/icon.svg", http.StatusMovedPermanently)
	return nil
}

// loadTemplates reads the pages, each with the frame around it.
func loadTemplates() (map[string]*template.Template, error) {
	const layout = "templates/layout.html"
	pages, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	templates := map[string]*template.Template{}
	for _, file := range pages {
		if file == layout {
			continue
		}
		t, err := template.New(path.Base(file)).Funcs(functions()).ParseFS(files, layout, file)
		if err != nil {
			return nil, err
		}
		templates[path.Base(file)] = t
	}
	return templates, nil
}

func functions() template.FuncMap {
	return template.FuncMap{
		"label":  func(l string) string { return words.Label(rtevent.Label(l)) },
		"clock":  clock,
		"full":   func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000 -07:00") },
		"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"digits": digits,
		"list":   func(items ...string) []string { return items },
		"last":   func(years []yearView) int { return len(years) - 1 },
	}
}

// clock is a time as a person would tell it: the hour of today, else the date too.
func clock(t time.Time) string {
	t = t.Local()
	if t.Format(time.DateOnly) == time.Now().Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// digits writes a whole number in groups of three, with thin spaces between.
func digits(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}
