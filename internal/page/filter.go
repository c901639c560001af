package page

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rtevent"
	"rtevent/internal/words"
)

// filter is what the address of a page asks to see. assets/filter.js reads the same.
type filter struct {
	Query     string
	Port      string
	Transport string
	Process   string
	Protocol  string
	Label     string
	Severity  string // this grave at least
	Scope     string
	Host      string
	Sort      string // a column, with "-" before it for the other direction; empty for scrutiny first

	ports []ports
}

// ports is one item of a list of ports.
type ports struct {
	first, last uint64
	transport   string
}

// columns are what rows can be sorted by.
var columns = map[string]func(a, b *row) int{
	"port": byPort,
	"host": func(a, b *row) int { return cmp.Compare(a.Host, b.Host) },
	"on":   func(a, b *row) int { return cmp.Compare(a.On, b.On) },
	"speaks": func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Spoken, b.Spoken))
	},
	"who":     func(a, b *row) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Held, b.Held)) },
	"claimed": func(a, b *row) int { return cmp.Compare(a.Claimed, b.Claimed) },
	"verdict": func(a, b *row) int { return cmp.Compare(a.Label, b.Label) },
	"last":    func(a, b *row) int { return cmp.Compare(b.Seq, a.Seq) },
}

// newFilter reads a query. The error names what cannot be read and stands beside a filter that leaves it out.
func newFilter(q url.Values) (filter, error) {
	get := func(name string) string { return words.Printable(q.Get(name)) } // as the rows are
	f := filter{
		Query: get("q"), Port: get("port"), Transport: get("transport"), Process: get("process"), Protocol: get("protocol"),
		Label: get("label"), Severity: get("severity"), Scope: get("scope"), Host: get("host"), Sort: get("sort"),
	}
	if columns[strings.TrimPrefix(f.Sort, "-")] == nil {
		f.Sort = ""
	}
	if !slices.Contains(severities[:], f.Severity) {
		f.Severity = ""
	}
	for item := range strings.FieldsFuncSeq(f.Port, func(c rune) bool { return c == ',' || c == ' ' }) {
		p, ok := parsePorts(item)
		if !ok {
			f.ports = nil
			return f, fmt.Errorf("%q is no port: write 22, 8000-9000 or 53/udp", words.Fit(item, 40))
		}
		f.ports = append(f.ports, p)
	}
	return f, nil
}

func parsePorts(item string) (ports, bool) {
	numbers, transport, _ := strings.Cut(item, "/")
	first, last, ranged := strings.Cut(numbers, "-")
	if !ranged {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	return ports{a, b, strings.ToLower(transport)}, errA == nil && errB == nil && a <= b
}

// Narrow tells whether it leaves anything out.
func (f filter) Narrow() bool {
	f.Sort = ""
	return f.query() != ""
}

// apply picks and sorts rows that stand in the default order.
func (f filter) apply(rows []*row) []*row {
	picked := make([]*row, 0, len(rows))
	wanted := strings.Fields(strings.ToLower(f.Query))
	for _, r := range rows {
		if f.takes(r) && r.tells(wanted) {
			picked = append(picked, r)
		}
	}
	if order := columns[strings.TrimPrefix(f.Sort, "-")]; order != nil {
		slices.SortStableFunc(picked, func(a, b *row) int {
			if strings.HasPrefix(f.Sort, "-") {
				return order(b, a)
			}
			return order(a, b)
		})
	}
	return picked
}

func (f filter) takes(r *row) bool {
	return (f.Transport == "" || f.Transport == r.Transport) &&
		(f.Protocol == "" || f.Protocol == r.Protocol) &&
		(f.Label == "" || f.Label == r.Label) &&
		(f.Scope == "" || f.Scope == r.Scope) &&
		(f.Host == "" || f.Host == r.Host) &&
		gravity(r.Severity) >= gravity(f.Severity) &&
		f.holds(r) && f.has(r)
}

func (f filter) has(r *row) bool {
	return len(f.ports) == 0 || slices.ContainsFunc(f.ports, func(p ports) bool {
		return p.first <= uint64(r.Port) && uint64(r.Port) <= p.last && (p.transport == "" || p.transport == r.Transport)
	})
}

func (f filter) holds(r *row) bool {
	if pid, err := strconv.Atoi(f.Process); err == nil {
		return slices.Contains(r.PIDs, pid)
	}
	return strings.Contains(r.Called, strings.ToLower(f.Process))
}

// tells tells whether every word stands somewhere in the row.
func (r *row) tells(wanted []string) bool {
	if len(wanted) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join([]string{strconv.Itoa(int(r.Port)) + "/" + r.Transport, r.Host, r.On, r.Protocol, r.Spoken,
		r.Name, r.Held, r.Claimed, words.Label(rtevent.Label(r.Label)), r.Summary, r.Called}, "\n"))
	return !slices.ContainsFunc(wanted, func(w string) bool { return !strings.Contains(text, w) })
}

// query writes the filter as an address has it, without what is not asked for.
func (f filter) query() string {
	q := url.Values{}
	for _, x := range []struct{ name, value string }{
		{"q", f.Query}, {"port", f.Port}, {"transport", f.Transport}, {"process", f.Process}, {"protocol", f.Protocol},
		{"label", f.Label}, {"severity", f.Severity}, {"scope", f.Scope}, {"host", f.Host}, {"sort", f.Sort},
	} {
		if x.value != "" {
			q.Set(x.name, x.value)
		}
	}
	return q.Encode()
}
