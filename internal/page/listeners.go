// This file is the table of what listens, now or at a moment of the past.

package page

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"rtevent"
	"rtevent/internal/wire"
	"rtevent/internal/words"
)

// perPage is how many rows a page has without scripts.
const perPage = 250

// listenersView is what listeners.html shows.
type listenersView struct {
	frame
	At       rtevent.Cursor
	Past     *past
	Filter   filter
	Bad      string // what of the filter could not be read
	Facets   []facet
	Columns  []column
	Rows     []*row
	Shown    int // rows that pass the filter
	All      int
	Hosts    bool // rows are of more than one host
	Choices  choices
	Earlier  string // the addresses of the pages of rows before and after
	Later    string
	First    int // the number of the first row
	Coverage coverage
}

// RowCount is how many rows the whole table has, with its head.
func (v listenersView) RowCount() int { return v.Shown + 1 }

// Last is the number of the last row shown.
func (v listenersView) Last() int { return v.First + len(v.Rows) - 1 }

// facet is a count that leads to the rows counted.
type facet struct {
	Name   string // for scripts
	Words  string
	Count  int
	Link   string
	Chosen bool
}

// column is a head of the table.
type column struct {
	Name, Words, Link string
	Sorted            string // ascending, descending, none
}

// choices are the values that rows have now.
type choices struct{ Protocols, Hosts []string }

// coverage is how the host is seen, in words.
type coverage struct {
	Tier string
	Why  string
	Gaps []string
}

func coverageOf(c rtevent.Coverage) coverage {
	v := coverage{Tier: words.Printable(c.Tier), Why: words.Printable(c.Why)}
	for _, g := range c.Gaps {
		v.Gaps = append(v.Gaps, words.Gap(g))
	}
	return v
}

func (p *Page) listeners(w http.ResponseWriter, r *http.Request) error {
	if wantsJSON(r) {
		return p.listenersJSON(w, r)
	}
	m, past, err := p.moment(r)
	if err != nil {
		return err
	}
	v := listenersView{frame: p.frame("listeners", "Listeners"), At: m.At, Past: past, All: len(m.rows), Coverage: coverageOf(p.Coverage())}
	var bad error
	if v.Filter, bad = newFilter(r.URL.Query()); bad != nil {
		v.Bad = bad.Error()
	}
	v.Choices = choicesOf(m.rows)
	v.Hosts = len(v.Choices.Hosts) > 1
	v.Facets, v.Columns = facets(m.rows, v.Filter, r.URL.Query()), heads(v.Filter, r.URL.Query(), v.Hosts)
	rows := v.Filter.apply(m.rows)
	v.Shown = len(rows)
	v.page(rows, r.URL.Query())
	return p.html(w, r, http.StatusOK, "listeners.html", v)
}

// page cuts the rows to the page that the address asks for.
func (v *listenersView) page(rows []*row, q url.Values) {
	n, _ := strconv.Atoi(q.Get("page"))
	n = max(0, min(n, (len(rows)-1)/perPage))
	v.First = n*perPage + 1
	v.Rows = rows[n*perPage : min(len(rows), (n+1)*perPage)]
	if n > 0 {
		v.Earlier = with(q, "page", strconv.Itoa(n-1))
	}
	if (n+1)*perPage < len(rows) {
		v.Later = with(q, "page", strconv.Itoa(n+1))
	}
}

// with is the address of the same page with one thing changed.
func with(q url.Values, pairs ...string) string {
	changed := url.Values{}
	for k, v := range q {
		changed[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		changed.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			changed.Del(pairs[i])
		}
	}
	for k, v := range changed {
		if len(v) == 1 && v[0] == "" {
			delete(changed, k)
		}
	}
	return "?" + changed.Encode()
}

func choicesOf(rows []*row) choices {
	protocols, hosts := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		protocols[r.Protocol], hosts[r.Host] = true, true
	}
	return choices{sortedKeys(protocols), sortedKeys(hosts)}
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// facets count by verdict what passes the rest of the filter.
func facets(rows []*row, f filter, q url.Values) []facet {
	chosen, grave := f.Label, f.Severity
	f.Label, f.Severity = "", ""
	rows = f.apply(rows)
	scrutiny, labels := 0, map[string]int{}
	for _, r := range rows {
		labels[r.Label]++
		if r.scrutiny() {
			scrutiny++
		}
	}
	found := []facet{
		{"all", "all", len(rows), with(q, "label", "", "severity", "", "page", ""), chosen == "" && grave == ""},
		{"scrutiny", "deserve scrutiny", scrutiny, with(q, "label", "", "severity", string(rtevent.Medium), "page", ""), grave == string(rtevent.Medium)},
	}
	for _, l := range []rtevent.Label{rtevent.Unidentified, rtevent.Mislabelled, rtevent.Unregistered, rtevent.AsRegistered, rtevent.AsPractised, rtevent.NotAsked} {
		found = append(found, facet{string(l), words.Label(l), labels[string(l)], with(q, "label", string(l), "severity", "", "page", ""), chosen == string(l)})
	}
	return found
}

func heads(f filter, q url.Values, hosts bool) []column {
	var heads []column
	for _, c := range []column{
		{Name: "port", Words: "Port"}, {Name: "host", Words: "Host"}, {Name: "on", Words: "On"}, {Name: "speaks", Words: "Speaks"}, {Name: "who", Words: "Who"},
		{Name: "claimed", Words: "Claimed"}, {Name: "verdict", Words: "Verdict"}, {Name: "last", Words: "Last event"},
	} {
		if c.Name == "host" && !hosts {
			continue
		}
		c.Sorted, c.Link = "none", with(q, "sort", c.Name, "page", "")
		switch f.Sort {
		case c.Name:
			c.Sorted, c.Link = "ascending", with(q, "sort", "-"+c.Name, "page", "")
		case "-" + c.Name:
			c.Sorted, c.Link = "descending", with(q, "sort", "", "page", "")
		}
		heads = append(heads, c)
	}
	return heads
}

// rows gives the whole table to scripts.
func (p *Page) rows(w http.ResponseWriter, r *http.Request) error {
	m, _, err := p.moment(r)
	if err != nil {
		return err
	}
	return send(w, r, http.StatusOK, "application/json", jsonLine(struct {
		At   string `json:"at"`
		Rows []*row `json:"rows"`
	}{m.At.String(), append([]*row{}, m.rows...)}))
}

// coverage tells again how the host is seen.
func (p *Page) coverage(w http.ResponseWriter, r *http.Request) error {
	c := coverageOf(p.Coverage())
	return send(w, r, http.StatusOK, "application/json", jsonLine(map[string]any{"tier": c.Tier, "why": c.Why, "gaps": append([]string{}, c.Gaps...)}))
}

// totals is what listeners add up to, as `rtevent --json` has it.
type totals struct {
	Listeners    int `json:"listeners"`
	Identified   int `json:"identified"`
	Mislabelled  int `json:"mislabelled"`
	Unidentified int `json:"unidentified"`
	NotAsked     int `json:"not_asked"`
	Scrutiny     int `json:"scrutiny"`
}

func (t *totals) add(r *row) {
	t.Listeners++
	switch rtevent.Label(r.Label) {
	case rtevent.NotAsked, "":
		t.NotAsked++
	case rtevent.Unidentified:
		t.Unidentified++
	case rtevent.Mislabelled:
		t.Mislabelled++
		t.Identified++
	default:
		t.Identified++
	}
	if r.scrutiny() {
		t.Scrutiny++
	}
}

// listenersJSON gives a program the same listeners, a line each, and a summary.
func (p *Page) listenersJSON(w http.ResponseWriter, r *http.Request) error {
	f, err := newFilter(r.URL.Query())
	if err != nil {
		return badRequest("%s", err)
	}
	m, _, err := p.moment(r)
	if err != nil {
		return err
	}
	whole, err := p.whole(r.Context(), m.At.Seq, ofListener)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	var total totals
	for _, picked := range f.apply(m.rows) {
		c, ok := whole[picked.Topic]
		if !ok {
			continue
		}
		total.add(picked)
		out.Write(jsonLine(struct {
			Schema string `json:"schema"`
			Kind   string `json:"kind"`
			*rtevent.Listener
		}{rtevent.Schema, "listener", c.Data.Listener}))
	}
	out.Write(jsonLine(struct {
		Schema   string           `json:"schema"`
		Kind     string           `json:"kind"`
		Total    totals           `json:"total"`
		Coverage rtevent.Coverage `json:"coverage"`
		At       rtevent.Cursor   `json:"at"`
	}{rtevent.Schema, "summary", total, p.Coverage(), m.At}))
	return send(w, r, http.StatusOK, "application/x-ndjson", out.Bytes())
}

// whole reads in full what listens at a number: now when that is the newest.
func (p *Page) whole(ctx context.Context, at uint64, match func(topic string) bool) (map[string]change, error) {
	var entries iter.Seq2[wire.Entry, error]
	if at >= p.Source.Bounds().Newest {
		_, entries = p.Source.State(ctx, match)
	} else {
		var err error
		if entries, err = p.Source.StateAt(ctx, at, match); err != nil {
			return nil, fmt.Errorf("read the state of the journal at %d: %w", at, err)
		}
	}
	found := map[string]change{}
	for e, err := range entries {
		if err != nil {
			return nil, fmt.Errorf("read the state of the journal: %w", err)
		}
		c, ok := readChange(e.Line)
		if !ok {
			continue
		}
		if c.listens() {
			found[c.Topic] = c
		} else {
			delete(found, c.Topic)
		}
	}
	return found, nil
}

// byPlace sorts changes as listeners are listed.
func byPlace(a, b change) int {
	x, y := a.Data.Listener, b.Data.Listener
	return cmp.Or(cmp.Compare(x.Port, y.Port), cmp.Compare(x.Transport, y.Transport), cmp.Compare(x.Host, y.Host), cmp.Compare(a.Topic, b.Topic))
}
