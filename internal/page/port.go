// This file is the page of a port.

package page

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/words"
)

// portView is what port.html shows.
type portView struct {
	frame
	Port      int
	At        rtevent.Cursor
	Before    int // the ports beside it; -1 where there is none
	After     int
	Known     string // the registered names
	Here      []listenerView
	Claims    []claimView
	Practice  []string
	Near      []nearView
	Twins     []string
	How       []command
	History   history
	Coverage  coverage
	Doubtful  bool // what cannot be seen of the host may matter here
	LevelBest string
}

// command is how to check by hand on one system.
type command struct{ System, Text string }

// nearView is a port of the neighbourhood.
type nearView struct {
	Port      int
	Name      string
	Level     string
	Self      bool
	Listening bool
}

// claimView is a registration and what it rests on.
type claimView struct {
	Name, Description, Transports, Range string
	Assignee, Registered, Modified       string
	Reference, Attribution, Unauthorized string
	Notes, Level, Means, AsOf, Words     string
	Contested                            bool
	Basis                                []factView
	Silent                               []string // the sources that were looked at and have nothing
}

type factView struct{ Source, Date, Says string }

// findPort takes whoever typed a port to its page.
func (p *Page) findPort(w http.ResponseWriter, r *http.Request) error {
	typed := strings.TrimSpace(r.URL.Query().Get("n"))
	number, _, _ := strings.Cut(typed, "/")
	if n, err := strconv.ParseUint(number, 10, 16); err == nil {
		http.Redirect(w, r, fmt.Sprintf("/ports/%d", n), http.StatusSeeOther)
		return nil
	}
	if typed == "" {
		http.Redirect(w, r, "/registry", http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/registry/search"+with(nil, "q", typed), http.StatusSeeOther)
	return nil
}

func (p *Page) port(w http.ResponseWriter, r *http.Request) error {
	name, data := strings.CutSuffix(r.PathValue("port"), ".json")
	number, transport, _ := strings.Cut(name, "-") // reserved for /ports/53-udp
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || transport != "" || strconv.FormatUint(n, 10) != number {
		return notFound("%.40q is no port: ports are numbers from 0 to 65535", r.PathValue("port"))
	}
	whole, err := p.whole(r.Context(), p.Source.Bounds().Newest, ofPort(uint16(n)))
	if err != nil {
		return err
	}
	port := words.NewPort(p.Registry, "", uint16(n))
	port.Coverage = p.Coverage()
	changes := slices.SortedFunc(maps.Values(whole), byPlace)
	for _, c := range changes {
		port.Listeners = append(port.Listeners, *c.Data.Listener)
	}
	if data || wantsJSON(r) {
		return send(w, r, http.StatusOK, "application/json", jsonLine(port))
	}
	return p.portPage(w, r, port)
}

// ofPort takes the topics of the listeners of a port.
func ofPort(port uint16) func(topic string) bool {
	filter := topicsOf(port)
	return func(topic string) bool { return rtevent.MatchTopic(filter, topic) }
}

func topicsOf(port uint16) string { return fmt.Sprintf("listener.*.*.%d.>", port) }

func (p *Page) portPage(w http.ResponseWriter, r *http.Request, port words.Port) error {
	m, err := p.mirror.now(r.Context())
	if err != nil {
		return err
	}
	v := portView{
		frame: p.frame("ports", fmt.Sprintf("Port %d", port.Port)), Port: int(port.Port), At: m.At, Before: int(port.Port) - 1, After: int(port.Port) + 1,
		Claims: claims(port.Claims), Practice: printables(words.Practised(port.Practice)), Coverage: coverageOf(port.Coverage),
		Doubtful: len(port.Listeners) == 0,
		How:      []command{{"Linux", port.How.Linux}, {"macOS", port.How.MacOS}, {"Windows", port.How.Windows}, {"from outside", port.How.Outside}},
	}
	if v.After > 65535 {
		v.After = -1
	}
	var names []string
	for _, c := range v.Claims {
		if c.Name != "" && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	v.Known = strings.Join(names, ", ")
	if len(v.Claims) > 0 {
		v.LevelBest = v.Claims[0].Level
	}
	for _, l := range port.Listeners {
		v.Here = append(v.Here, newListenerView(l))
		v.Doubtful = v.Doubtful || slices.ContainsFunc(l.Holders, func(o rtevent.Owner) bool { return o.Unseen != "" })
	}
	v.Near = p.near(port.Port, m.rows)
	for _, n := range words.Neighbours(p.Registry, port.Claims) {
		twin := words.Printable(fmt.Sprintf("%d %s, %q, %s", n.Port, n.Name, n.Description, n.Level))
		if !slices.Contains(v.Twins, twin) {
			v.Twins = append(v.Twins, twin)
		}
	}
	if v.History, err = p.history(r.Context(), port.Port, time.Now()); err != nil {
		return err
	}
	return p.html(w, r, http.StatusOK, "port.html", v)
}

// near are the ports around one.
func (p *Page) near(port uint16, rows []*row) []nearView {
	const reach = 4
	first := max(0, min(int(port)-reach, 65535-2*reach))
	var near []nearView
	for n := first; n <= first+2*reach; n++ {
		c := p.Registry.Claims(rtevent.TCP, uint16(n))[0]
		if c.Name == "" {
			if u := p.Registry.Claims(rtevent.UDP, uint16(n))[0]; u.Name != "" {
				c = u
			}
		}
		near = append(near, nearView{
			Port: n, Name: words.Printable(c.Name), Level: string(c.Level), Self: n == int(port),
			Listening: slices.ContainsFunc(rows, func(r *row) bool { return int(r.Port) == n }),
		})
	}
	return near
}

// claims puts together the rows that say the same of several transports.
func claims(all []rtevent.Claim) []claimView {
	var views []claimView
	var of []rtevent.Claim
	for _, c := range all {
		same := func(d rtevent.Claim) bool { return words.SameClaim(c, d) && words.Life(c) == words.Life(d) }
		if i := slices.IndexFunc(of, same); i >= 0 {
			views[i].Transports += ", " + words.Printable(string(c.Transport))
			continue
		}
		of = append(of, c)
		views = append(views, newClaimView(c))
	}
	return views
}

func newClaimView(c rtevent.Claim) claimView {
	v := claimView{
		Name: words.Printable(c.Name), Description: words.Printable(c.Description), Transports: words.Printable(string(c.Transport)),
		Assignee: words.Printable(c.Assignee), Registered: words.Printable(c.Registered), Modified: words.Printable(c.Modified),
		Reference: words.Printable(c.Reference), Attribution: words.Printable(c.Attribution), Unauthorized: words.Printable(c.Unauthorized),
		Notes: words.Printable(c.Notes), Level: words.Printable(string(c.Level)), Means: words.Means(c.Level), AsOf: words.Printable(c.AsOf),
		Contested: c.Contested,
	}
	if c.PortLast > c.Port {
		v.Range = fmt.Sprintf("%d–%d", c.Port, c.PortLast)
	}
	for _, f := range c.Basis {
		if f.Silent {
			v.Silent = append(v.Silent, words.Phrases(0, f.Source, f.Date))
			continue
		}
		v.Basis = append(v.Basis, factView{words.Printable(f.Source), words.Printable(f.Date), words.Printable(f.Says)})
	}
	return v
}

func printables(lines []string) []string {
	safe := make([]string, len(lines))
	for i, s := range lines {
		safe[i] = words.Printable(s)
	}
	return safe
}
