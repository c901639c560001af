package iana

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtevent"
)

// official writes the registry in use as IANA would: a whole CSV to be served. With edit, each row may be changed or,
// with false, left out.
func official(t testing.TB, edit func(*Row) bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"Service Name", "Port Number", "Transport Protocol", "Description", "Assignee", "Contact", "Registration Date",
		"Modification Date", "Reference", "Service Code", "Unauthorized Use Reported", "Assignment Notes"})
	brackets := func(s string) string {
		if s == "" {
			return ""
		}
		return "[" + strings.ReplaceAll(s, " ", "_") + "]"
	}
	for r := range Embedded().table.all() {
		if r.State == Gone {
			continue
		}
		if r.Block != "" { // blank in the registry
			r.Assignee, r.Registered, r.Block = "", "", ""
		}
		if edit != nil && !edit(&r) {
			continue
		}
		for _, x := range transports {
			if r.on(x) || r.Transports == "" && x == rtevent.TCP {
				name := string(x)
				if r.Transports == "" {
					name = ""
				}
				w.Write([]string{r.Name, r.ports(), name, r.Description, brackets(r.Assignee), brackets(r.Contact), r.Registered,
					r.Modified, brackets(r.Reference), "", r.Unauthorized, r.Notes})
			}
		}
	}
	w.Flush()
	return b.Bytes()
}

// server serves one answer and remembers what it was asked.
type server struct {
	sync.Mutex
	status  int
	body    []byte
	headers map[string]string
	asked   []http.Header
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	s.asked = append(s.asked, r.Header.Clone())
	for k, v := range s.headers {
		w.Header().Set(k, v)
	}
	unchanged := s.headers["ETag"] != "" && r.Header.Get("If-None-Match") == s.headers["ETag"] ||
		s.headers["Last-Modified"] != "" && r.Header.Get("If-Modified-Since") == s.headers["Last-Modified"]
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
	w.Write(s.body)
}

// setup starts a server over TLS and gives a request for it.
func setup(t *testing.T, h http.Handler) Request {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return Request{URL: s.URL + "/registry.csv", Cache: filepath.Join(t.TempDir(), "deep", "registry.tsv"), Client: s.Client()}
}

func update(t *testing.T, q Request) Outcome {
	t.Helper()
	o, err := Embedded().Update(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestUpdate(t *testing.T) {
	for name, headers := range map[string]map[string]string{
		"etag":          {"ETag": `W/"67-abc"`},
		"last-modified": {"Last-Modified": "Sat, 21 Nov 2026 08:00:00 GMT"},
		"neither":       {},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{body: official(t, nil), headers: headers}
			q := setup(t, s)
			o := update(t, q)
			if !o.Changed || o.Lost != 0 || o.Added != 0 || o.Names < 6000 || o.Path != q.Cache {
				t.Errorf("first: %+v", o)
			}
			if got := s.asked[0]; got.Get("User-Agent") != agent || got.Get("If-None-Match")+got.Get("If-Modified-Since") != "" {
				t.Errorf("asked with %v", got)
			}
			if _, err := Embedded().Update(t.Context(), q); !errors.Is(err, ErrRecent) {
				t.Errorf("again within the day: %v", err)
			}
			kept, err := readTable(q.Cache)
			if err != nil {
				t.Fatal(err)
			}
			age(t, q.Cache, kept)
			o = update(t, q)
			if o.Changed != (name == "neither") {
				t.Errorf("the next day: %+v", o)
			}
			now, err := readTable(q.Cache)
			if err != nil || now.rows != kept.rows || now.Fetched == "2026-11-20T08:00:00Z" || now.ETag != headers["ETag"] {
				t.Errorf("the next day: %v, %+v", err, now.Header)
			}
		})
	}
}

// age makes a kept table look two days old.
func age(t *testing.T, path string, kept table) {
	t.Helper()
	kept.Fetched = "2026-11-20T08:00:00Z"
	kept.Sum = kept.checksum(kept.body)
	if err := os.WriteFile(path, []byte(kept.Header.String()+kept.body), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestUpdateRefuses serves what must not be kept, over something that is.
func TestUpdateRefuses(t *testing.T) {
	whole := official(t, nil)
	for name, c := range map[string]struct {
		handler http.Handler
		says    string
	}{
		"error":           {&server{status: 503, body: []byte("busy")}, "503 Service Unavailable"},
		"page":            {&server{body: []byte("<!DOCTYPE html><title>Oops</title>")}, "no column"},
		"empty":           {&server{}, "heading"},
		"cut in a line":   {&server{body: whole[:len(whole)-7]}, "cut off"},
		"cut in half":     {&server{body: append(slices.Clone(whole[:bytes.LastIndexByte(whole[:len(whole)/2], '\n')]), '\n')}, "cut off"},
		"cut in transfer": {http.HandlerFunc(shorten10), "unexpected EOF"},
		"endless":         {http.HandlerFunc(endless), "larger than 16 MiB"},
		"304 unasked":     {&server{status: 304}, "304"},
		"swapped": {&server{body: official(t, func(r *Row) bool {
			if r.First == 22 {
				r.Name = "telnet"
			}
			return true
		})}, "not ssh"},
		"lossy": {&server{body: official(t, func(r *Row) bool { return r.First%40 != 1 })}, "more than 2 %"},
		"no port": {&server{body: official(t, func(r *Row) bool {
			if r.First == 3706 {
				r.First, r.Last = 70000, 70000
			}
			return true
		})}, `"70000" is no port`},
		"plain http": {http.RedirectHandler("http://example.org/registry.csv", http.StatusFound), "is not https"},
		"in circles": {http.RedirectHandler("/registry.csv", http.StatusFound), "redirections"},
	} {
		t.Run(name, func(t *testing.T) {
			q := setup(t, c.handler)
			before := Encode(Header{Names: "2026-09-18", Source: "elsewhere"}, slices.Collect(Embedded().table.all()))
			if err := replace(q.Cache, before); err != nil {
				t.Fatal(err)
			}
			o, err := Embedded().Update(t.Context(), q)
			if err == nil || !strings.Contains(err.Error(), c.says) || o.Changed {
				t.Errorf("%+v, %v; want an error with %q", o, err, c.says)
			}
			after, err := os.ReadFile(q.Cache)
			if err != nil || string(after) != before {
				t.Errorf("what was kept is changed (%v)", err)
			}
			if files, _ := os.ReadDir(filepath.Dir(q.Cache)); len(files) != 1 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
	for _, address := range []string{"http://example.org/x.csv", "ftp://localhost/x.csv", "file:///etc/services", "::"} {
		if _, err := Embedded().Update(t.Context(), Request{URL: address, Cache: filepath.Join(t.TempDir(), "r.tsv")}); err == nil {
			t.Errorf("%s: fetched", address)
		}
	}
}

func shorten10(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000000")
	fmt.Fprint(w, "Service Name,")
}

func endless(w http.ResponseWriter, _ *http.Request) {
	row := bytes.Repeat([]byte("name,1,tcp,,,,,,,,,\n"), 1<<12)
	for range limit/len(row) + 2 {
		if _, err := w.Write(row); err != nil {
			return
		}
	}
}

func TestUpdateForce(t *testing.T) {
	s := &server{body: official(t, func(r *Row) bool { return r.First%40 != 1 })}
	q := setup(t, s)
	q.Force = true
	if o := update(t, q); !o.Changed || o.Lost < 200 {
		t.Errorf("%+v", o)
	}
	if o := update(t, q); !o.Changed {
		t.Errorf("at once: %+v", o)
	}
}

// TestUpdateKnowledge looks at what becomes of a fetched registry: blank rows are attributed as before, and what was
// registered later is not confused with what the evidence is about.
func TestUpdateKnowledge(t *testing.T) {
	s := &server{body: official(t, func(r *Row) bool {
		if r.First == 8086 || r.First == 5432 {
			r.Name = "newcomer"
		}
		return true
	})}
	q := setup(t, s)
	update(t, q)
	kept, err := readTable(q.Cache)
	if err != nil {
		t.Fatal(err)
	}
	r := &Registry{table: kept}
	first := r.Claims(rtevent.TCP, 3706)[0]
	if first.Assignee != "Terry Gin" || first.Registered != "2003-02" || first.Level != rtevent.Ghost || !strings.HasPrefix(first.AsOf, "IANA registry of 20") {
		t.Errorf("3706: %+v", first)
	}
	for port, want := range map[uint16]rtevent.Level{8086: rtevent.Quiet, 5432: rtevent.Quiet, 22: rtevent.Standard, 3000: rtevent.Squatted, 1528: rtevent.Ghost} {
		if c := r.Claims(rtevent.TCP, port)[0]; c.Level != want {
			t.Errorf("%d: %s %s, want %s", port, c.Name, c.Level, want)
		}
	}
	for port, want := range map[uint16]string{5432: "unknown", 3000: "no", 22: "yes", 25565: "unassigned"} {
		if p := r.Practice(rtevent.TCP, port)[0]; p.Agrees != want {
			t.Errorf("%d: %s agrees: %q, want %q", port, p.Software, p.Agrees, want)
		}
	}
}

func TestUpdateFromFile(t *testing.T) {
	dir := t.TempDir()
	q := Request{File: filepath.Join(dir, "official.csv"), Cache: filepath.Join(dir, "registry.tsv")}
	write := func(date string) {
		b := official(t, func(r *Row) bool {
			if r.First == 22 {
				r.Modified = date
			}
			return true
		})
		if err := os.WriteFile(q.File, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("2014-07-09")
	if _, err := Embedded().Update(t.Context(), q); err == nil || !strings.Contains(err.Error(), "newest entry") {
		t.Errorf("an old file: %v", err)
	}
	write("2026-10-30")
	if o := update(t, q); !o.Changed || o.AsOf != "IANA registry of 2026-10-30" {
		t.Errorf("a new file: %+v", o)
	}
	if r := OpenFile(q.Cache); r.AsOf() != "IANA registry of 2026-10-30" || !strings.HasPrefix(r.Origin(), "fetched into ") {
		t.Errorf("%s: %s", r.AsOf(), r.Origin())
	}
	q.File = filepath.Join(dir, "none.csv")
	if _, err := Embedded().Update(t.Context(), q); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	q.File, q.Cache = filepath.Join(dir, "official.csv"), filepath.Join(dir, "official.csv", "below", "registry.tsv")
	if _, err := Embedded().Update(t.Context(), q); err == nil {
		t.Error("kept below a file")
	}
}

// TestUpdateAtOnce lets several update and read the same file: whoever opens sees one table or the other, never half.
func TestUpdateAtOnce(t *testing.T) {
	q := setup(t, &server{body: official(t, nil)})
	q.Force = true
	update(t, q)
	var wait sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wait.Go(func() {
			if _, err := Embedded().Update(context.Background(), q); err != nil {
				t.Error(err)
			}
		})
	}
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := readTable(q.Cache); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	wait.Wait()
	close(done)
	readers.Wait()
}

func TestUpdateCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := setup(t, &server{body: official(t, nil)})
	if _, err := Embedded().Update(ctx, q); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestOpen holds that a fetched table is used only when it is whole and newer, and that the reason is told.
func TestOpen(t *testing.T) {
	rows := slices.Collect(Embedded().table.all())
	newer := Encode(Header{Names: "2099-01-01", Source: Official}, rows)
	for name, c := range map[string]struct {
		text    string
		why     string
		fetched bool
	}{
		"whole":         {newer, "fetched into ", true},
		"older":         {Encode(Header{Names: "2015-01-01"}, rows), "embedded: it is newer", false},
		"same":          {embedded, "embedded: it is newer", false},
		"damaged":       {strings.Replace(newer, "rt-event", "rt-evEnt", 1), "it is damaged", false},
		"damaged date":  {strings.Replace(newer, "2099-01-01", "2098-01-01", 1), "it is damaged", false},
		"cut":           {newer[:len(newer)/2], "it is damaged", false},
		"empty":         {"", "the first line is not", false},
		"other version": {strings.Replace(newer, title, "# rtevent registry 2", 1), "the first line is not", false},
		"noise":         {"\x00\x01\xff" + newer, "the first line is not", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			path, err := CacheFile()
			if err != nil {
				t.Fatal(err)
			}
			if err := replace(path, c.text); err != nil {
				t.Fatal(err)
			}
			r := Open()
			if !strings.Contains(r.Origin(), c.why) || (r.AsOf() == "IANA registry of 2099-01-01") != c.fetched {
				t.Errorf("%s: %s", r.AsOf(), r.Origin())
			}
			if got := r.Claims(rtevent.TCP, 3706)[0]; got.Name != "rt-event" {
				t.Errorf("3706: %+v", got)
			}
		})
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if r := Open(); r.Origin() != "embedded: none was fetched" {
		t.Error(r.Origin())
	}
	if r := OpenFile(t.TempDir()); !strings.Contains(r.Origin(), "it is no file") {
		t.Error(r.Origin())
	}
}
