// This file replaces the fetched registry by a newer one, after looking at it hard.

package iana

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rtevent"
)

// Official is where IANA publishes the registry.
const Official = "https://www.iana.org/assignments/service-names-port-numbers/service-names-port-numbers.csv"

// ErrRecent says that the registry was fetched less than a day ago.
var ErrRecent = errors.New("fetched less than a day ago; once a day is enough")

// ErrUnfit says that a file is no registry that could be taken.
var ErrUnfit = errors.New("not a registry that can be taken")

// ErrInsecure says that an address is neither https nor on this host.
var ErrInsecure = errors.New("not https")

// Request says where Update finds the registry and where it keeps it. The zero value means the official one and the
// user's cache.
type Request struct {
	URL    string       // https, or http on the loopback address; Official if empty
	File   string       // a CSV in the official form, to be read instead of fetching
	Cache  string       // the file to write; CacheFile if empty
	Force  bool         // fetch although it was done lately, and accept the loss of many names
	Client *http.Client // a client that waits 30 s at most, if nil
}

// Outcome is what Update did.
type Outcome struct {
	Changed bool   `json:"changed"`       // the kept registry was replaced
	Why     string `json:"why,omitempty"` // why not
	AsOf    string `json:"as_of"`
	Path    string `json:"path"`
	Names   int    `json:"names"` // distinct names with a port
	Added   int    `json:"added"` // registrations that the registry in use did not have
	Lost    int    `json:"lost"`  // registrations that only the registry in use has
}

// Update fetches the registry, unless it is unchanged since the last time, checks it against this one, and keeps it for
// the next Open. Whatever goes wrong, what was kept stays as it is. ErrRecent is the error when Force would help.
func (r *Registry) Update(ctx context.Context, q Request) (Outcome, error) {
	if q.Cache == "" {
		path, err := CacheFile()
		if err != nil {
			return Outcome{}, err
		}
		q.Cache = path
	}
	if q.File != "" {
		return r.load(q)
	}
	return r.fetch(ctx, q)
}

// load takes the registry from a file. Its date is that of its newest entry.
func (r *Registry) load(q Request) (Outcome, error) {
	text, err := readFile(q.File)
	if err != nil {
		return Outcome{}, err
	}
	rows, err := parse(text)
	if err != nil {
		return Outcome{}, fmt.Errorf("read %s: %w: %w", q.File, ErrUnfit, err)
	}
	date := newest(rows)
	if own := Embedded().table.Names; date <= own {
		return Outcome{}, fmt.Errorf("read %s: %w: its newest entry is of %s, but the embedded names are of %s", q.File, ErrUnfit, date, own)
	}
	return r.keep(q, Header{Names: date, Source: "file " + filepath.Base(q.File)}, rows)
}

// fetch takes the registry from the network.
func (r *Registry) fetch(ctx context.Context, q Request) (Outcome, error) {
	if q.URL == "" {
		q.URL = Official
	}
	kept, err := readTable(q.Cache)
	if err != nil || kept.Source != q.URL {
		kept = table{} // nothing to ask for changes of
	}
	if at, err := time.Parse(time.RFC3339, kept.Fetched); err == nil && !q.Force {
		if age := time.Since(at); age >= 0 && age < 24*time.Hour {
			return Outcome{}, fmt.Errorf("fetch %s: %w", q.URL, ErrRecent)
		}
	}
	answer, err := get(ctx, q, kept.Header)
	if err != nil {
		return Outcome{}, err
	}
	if answer.unchanged {
		kept.Fetched = answer.header.Fetched
		kept.Names = answer.header.Names
		return r.touch(q.Cache, kept)
	}
	rows, err := parse(string(answer.body))
	if err != nil {
		return Outcome{}, fmt.Errorf("read %s: %w", q.URL, err)
	}
	return r.keep(q, answer.header, rows)
}

// touch writes what was kept with the time at which it was found unchanged.
func (r *Registry) touch(path string, t table) (Outcome, error) {
	t.Sum = t.checksum(t.body)
	if err := replace(path, t.Header.String()+t.body); err != nil {
		return Outcome{}, err
	}
	fresh := &Registry{table: t}
	names, _ := fresh.names()
	return Outcome{Why: "not modified", AsOf: fresh.AsOf(), Path: path, Names: names}, nil
}

// keep checks new rows against the registry in use and writes them.
func (r *Registry) keep(q Request, h Header, rows []Row) (Outcome, error) {
	complete(rows)
	o := Outcome{Changed: true, Path: q.Cache}
	text := Encode(h, rows)
	t, err := openTable(text)
	if err != nil {
		return Outcome{}, err
	}
	fresh := &Registry{table: t}
	o.AsOf = fresh.AsOf()
	o.Names, _ = fresh.names()
	old, now := r.registrations(), fresh.registrations()
	for k := range old {
		if !now[k] {
			o.Lost++
		}
	}
	for k := range now {
		if !old[k] {
			o.Added++
		}
	}
	if o.Lost*50 > len(old) && !q.Force {
		return Outcome{}, fmt.Errorf("it lacks %d of the %d registrations in use, more than 2 %%: force it to accept that", o.Lost, len(old))
	}
	return o, replace(q.Cache, text)
}

// registration is a name on a port and a transport.
type registration struct {
	port      int
	transport rtevent.Transport
	name      string
}

// registrations are all that have a port.
func (r *Registry) registrations() map[registration]bool {
	all := map[registration]bool{}
	for row := range r.table.all() {
		for _, t := range transports {
			if row.First != NoPort && row.Name != "" && row.State != Gone && row.on(t) {
				all[registration{row.First, t, row.Name}] = true
			}
		}
	}
	return all
}

// complete gives new rows what only this program knows: who registered a blank one, by the older text registry, and
// that one which it has never heard of is younger than its evidence.
func complete(rows []Row) {
	own := Embedded()
	heard := own.registrations()
	blocks := map[registration]Row{}
	for row := range own.table.all() {
		for _, t := range transports {
			if row.Block != "" && row.on(t) {
				blocks[registration{row.First, t, row.Name}] = row
			}
		}
	}
	for i, row := range rows {
		if row.First == NoPort || row.Name == "" {
			continue
		}
		known := false
		for _, t := range transports {
			k := registration{row.First, t, row.Name}
			known = known || row.on(t) && heard[k]
			if b, ok := blocks[k]; ok && row.on(t) && row.Assignee == "" && row.Contact == "" && row.Registered == "" {
				rows[i].Assignee, rows[i].Registered, rows[i].Block = b.Assignee, b.Registered, b.Block
			}
		}
		if !known {
			rows[i].State = Later
		}
	}
}

// parse reads a CSV and refuses one that cannot be the whole registry.
func parse(csv string) ([]Row, error) {
	const least = 10_000 // rows with a name; in 2014 there were 12,000
	rows, err := ReadCSV(strings.NewReader(csv))
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(csv, "\n") {
		return nil, errors.New("it is cut off: the last line does not end")
	}
	named, ssh, https := 0, false, false
	for _, r := range rows {
		if r.Name != "" {
			named++
		}
		ssh = ssh || r.Name == "ssh" && r.First == 22 && r.on(rtevent.TCP)
		https = https || r.Name == "https" && r.First == 443 && r.on(rtevent.TCP)
	}
	switch {
	case named < least:
		return nil, fmt.Errorf("it is cut off: %d names, not %d or more", named, least)
	case !ssh || !https:
		return nil, errors.New("it is not the registry: 22/tcp is not ssh, or 443/tcp not https")
	}
	return rows, nil
}

// newest is the last day on which any row was registered or modified.
func newest(rows []Row) string {
	last := ""
	for _, r := range rows {
		for _, date := range []string{r.Registered, r.Modified} {
			if len(date) == len(time.DateOnly) && strings.Count(date, "-") == 2 && date > last {
				last = date
			}
		}
	}
	return last
}

// replace writes a file as a whole or not at all.
func replace(path, text string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep the registry: %w", err)
	}
	f, err := os.CreateTemp(dir, ".registry-*.tsv")
	if err != nil {
		return fmt.Errorf("keep the registry: %w", err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("keep the registry: %w", err)
	}
	return nil
}
