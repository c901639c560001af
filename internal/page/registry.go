// This file is the registry: searched by words, counted, and drawn as a map of all ports.

package page

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/words"
)

// levels are all that a port can have, the liveliest first; their order is that of the colours of the map.
var levels = []rtevent.Level{
	rtevent.Standard, rtevent.Implemented, rtevent.Squatted, rtevent.Twin, rtevent.Quiet, rtevent.Ghost,
	rtevent.Practised, rtevent.Historical, rtevent.Reserved, rtevent.Unassigned, rtevent.Dynamic,
}

// registryView is what registry.html shows.
type registryView struct {
	frame
	Registered int
	Ghosts     int
	AsOf       string
	Sources    iana.Sources
	Levels     []levelView
	Years      []yearView
	Marks      []mark
	Blocks     []blockLink
	Size       int // of the map, in pixels
}

type levelView struct {
	Level, Means string
	Ports        int
	Share        int // of the registered ports, per cent; -1 for what has no name
}

// yearView is a bar of the registrations of one year, as shares of a hundred of the highest.
type yearView struct {
	Year          string
	X             int
	Ports, Ghosts int
	Height, Dead  int
	Y, DeadY      int
}

// mark is a port of the map on which something listens.
type mark struct {
	Port, X, Y int
	Words      string
	Grave      bool
}

// blockLink leads to 256 ports.
type blockLink struct {
	N, First, Last int
	Here           int // how many listeners
}

func (p *Page) registry(w http.ResponseWriter, r *http.Request) error {
	m, err := p.mirror.now(r.Context())
	if err != nil {
		return err
	}
	all := p.life()
	v := registryView{frame: p.frame("registry", "Registry"), AsOf: words.Printable(all.census.AsOf), Sources: all.census.Sources, Size: mapSize,
		Ghosts: all.census.Ports[rtevent.Ghost], Years: years(all.census.Years), Marks: marks(m.rows)}
	for _, l := range levels[:6] {
		v.Registered += all.census.Ports[l]
	}
	for i, l := range levels {
		share := -1
		if i < 6 {
			share = (100*all.census.Ports[l] + v.Registered/2) / max(v.Registered, 1)
		}
		v.Levels = append(v.Levels, levelView{string(l), words.Means(l), all.census.Ports[l], share})
	}
	for n := range 256 {
		v.Blocks = append(v.Blocks, blockLink{N: n, First: n * 256, Last: n*256 + 255})
	}
	for _, r := range m.rows {
		v.Blocks[r.Port>>8].Here++
	}
	return p.html(w, r, http.StatusOK, "registry.html", v)
}

// marks are the ports on which something listens, each once.
func marks(rows []*row) []mark {
	const most = 2000 // what a map can show
	at := map[uint16]int{}
	var found []mark
	for _, r := range slices.SortedFunc(slices.Values(rows), byPort) {
		i, ok := at[r.Port]
		if !ok {
			if len(found) == most {
				break
			}
			i, at[r.Port] = len(found), len(found)
			found = append(found, mark{Port: int(r.Port), X: int(r.Port) & 255, Y: int(r.Port) >> 8, Words: fmt.Sprintf("%d, where %s speaks %s", r.Port, r.Name, r.Protocol)})
		}
		found[i].Grave = found[i].Grave || r.scrutiny()
	}
	return found
}

func years(all []iana.YearCensus) []yearView {
	var dated []iana.YearCensus
	most := 1
	for _, y := range all {
		if y.Year != "" {
			dated, most = append(dated, y), max(most, y.Ports)
		}
	}
	var views []yearView
	for i, y := range dated {
		v := yearView{Year: y.Year, X: i, Ports: y.Ports, Ghosts: y.Ghosts, Height: (100*y.Ports + most - 1) / most, Dead: (100*y.Ghosts + most - 1) / most}
		v.Y, v.DeadY = 100-v.Height, 100-v.Dead
		views = append(views, v)
	}
	return views
}

// searchView is what search.html shows.
type searchView struct {
	frame
	Query string
	Port  int // the number that was asked for; -1 for none
	Found []hit
	More  int
}

type hit struct {
	Port                                                       int // -1 for a name without a port
	Transports, Name, Description, Assignee, Registered, Level string
}

// mostHits is how many registrations are listed at most.
const mostHits = 300

func (p *Page) search(w http.ResponseWriter, r *http.Request) error {
	q := words.Printable(strings.TrimSpace(r.URL.Query().Get("q")))
	v := searchView{frame: p.frame("registry", "Registry: "+words.Fit(q, 60)), Query: q, Port: -1}
	if n, err := strconv.ParseUint(q, 10, 16); err == nil {
		v.Port = int(n)
	}
	for _, c := range p.Registry.Search(q) {
		h := hit{int(c.Port), words.Printable(string(c.Transport)), words.Printable(c.Name), words.Printable(c.Description), words.Printable(c.Assignee), words.Printable(c.Registered), words.Printable(string(c.Level))}
		if c.Level == rtevent.Portless {
			h.Port = -1
		}
		if last := len(v.Found) - 1; last >= 0 && v.Found[last].Port == h.Port && v.Found[last].Name == h.Name && v.Found[last].Level == h.Level && h.Transports != "" {
			v.Found[last].Transports += ", " + h.Transports
			continue
		}
		if len(v.Found) == mostHits {
			v.More++
			continue
		}
		v.Found = append(v.Found, h)
	}
	return p.html(w, r, http.StatusOK, "search.html", v)
}

// blockView is what block.html shows: 256 ports.
type blockView struct {
	frame
	N, First, Last int
	Before, After  int // the blocks beside it; -1 where there is none
	Ports          []blockPort
}

type blockPort struct {
	Port        int
	Name, Level string
	Here        string
}

func (p *Page) block(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n > 255 {
		return notFound("%.40q is no block of ports: they are numbered from 0 to 255", r.PathValue("n"))
	}
	m, err := p.mirror.now(r.Context())
	if err != nil {
		return err
	}
	here := map[int]string{}
	for _, r := range m.rows {
		here[int(r.Port)] = words.Phrases(0, r.Name, r.Protocol)
	}
	v := blockView{frame: p.frame("registry", fmt.Sprintf("Ports %d to %d", n*256, n*256+255)), N: n, First: n * 256, Last: n*256 + 255, Before: n - 1, After: n + 1}
	if n == 255 {
		v.After = -1
	}
	for i, l := range p.life().ports[v.First : v.Last+1] {
		v.Ports = append(v.Ports, blockPort{v.First + i, words.Printable(l.Name), string(l.Level), here[v.First+i]})
	}
	return p.html(w, r, http.StatusOK, "block.html", v)
}
