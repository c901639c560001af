package cli

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/probe"
	"rtevent/internal/words"
)

// probeTable prints the ports of other hosts in columns, each as soon as it is known.
type probeTable struct {
	*grid
	registry *iana.Registry
	unknown  unknown
}

func newProbeTable(s screen, registry *iana.Registry, udp bool) *probeTable {
	state := len(rtevent.Filtered)
	if udp {
		state = len(rtevent.OpenFiltered)
	}
	return &probeTable{registry: registry, grid: newGrid(s, true,
		column{head: "TARGET", width: 15, share: 30, limit: 24},
		column{head: "PORT", width: 9},
		column{head: "STATE", width: state},
		column{head: "SPEAKS", width: 15, rest: true, name: 10},
		column{head: "CLAIMED", width: 8, share: 10, limit: 8},
		column{head: "VERDICT", width: 15},
	)}
}

func (t *probeTable) row(r probe.Result) {
	if !r.Listed {
		return
	}
	shading := ""
	if r.Verdict != nil {
		shading = shade(r.Verdict)
	}
	t.unknown.add(r)
	t.grid.row(gridRow{func(room []room) []string { return endpointCells(r.Endpoint, room) }, shading})
}

// endpointCells are the texts of a row, cut to the room that they have.
func endpointCells(e rtevent.Endpoint, r []room) []string {
	port, name, rest := e.PortName(), "-", []string{e.Why}
	if e.AnswersEverywhere {
		port, rest = "all/tcp", []string{"accepts on ports that nobody uses"}
	}
	verdict := "-"
	if e.Verdict != nil {
		name, rest = words.Speaks(e.Transport, e.Finding)
		verdict = words.Label(e.Verdict.Label) + words.Marks(e.Verdict)
	}
	return []string{
		words.Fit(words.Printable(e.Target), r[0].width),
		port,
		words.Fit(string(e.State), r[2].width),
		pair(r[3], name, rest),
		starred(words.Claimed(e.Claim), r[4].width),
		verdict,
	}
}

func (t *probeTable) end(total probeTotal) error {
	if total.ghosts {
		t.print(ghostly(t.registry))
	}
	for _, line := range t.unknown.lines(t.width()) {
		t.print(words.Printable(line) + "\n") // never wrapped nor cut: a command is copied
	}
	t.text(total.sentence())
	if total.Interrupted {
		t.text("Interrupted: this is what was known by then.")
	}
	t.flush()
	return t.err
}

// sentence is the total in words.
func (t probeTotal) sentence() string {
	var states []string
	count := func(n int, words string) {
		if n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, words))
		}
	}
	open := fmt.Sprintf("%d open", t.Open)
	if t.Open > 0 {
		open += " (" + t.verdicts.words("") + ")"
	}
	states = append(states, open)
	count(t.Closed, "closed")
	count(t.Filtered, "filtered")
	count(t.OpenFiltered, "open|filtered")
	s := fmt.Sprintf("%s, %s: %s.", words.Counted(t.Hosts, "host"), words.Counted(t.Ports, "port"), strings.Join(states, ", "))
	if t.Everywhere > 0 {
		s += fmt.Sprintf(" %s on every port: only named ports of such are tried to the end.", accept(t.Everywhere))
	}
	if t.Errors > 0 {
		s += fmt.Sprintf(" %s could not be probed.", words.Counted(t.Errors, "target"))
	}
	return s + fmt.Sprintf(" %.1f s.", time.Duration(t.TookMS*1e6).Seconds())
}

func accept(hosts int) string {
	if hosts == 1 {
		return "1 host accepts"
	}
	return fmt.Sprintf("%d hosts accept", hosts)
}

// atPort is where an endpoint is, as it is written on the command line.
func atPort(e rtevent.Endpoint) string {
	if a, err := netip.ParseAddr(e.Target); err == nil {
		return netip.AddrPortFrom(a, e.Port).String()
	}
	return fmt.Sprintf("%s:%d", e.Target, e.Port)
}

// jsonEndpoints prints a line a port and a last line of another kind; each names its schema.
type jsonEndpoints struct {
	out io.Writer
	err error
}

func (j *jsonEndpoints) row(r probe.Result) {
	if !r.Listed {
		return
	}
	kind := "endpoint"
	if r.AnswersEverywhere {
		kind = "host"
	}
	j.write(struct {
		Schema string `json:"schema"`
		Kind   string `json:"kind"`
		rtevent.Endpoint
	}{rtevent.Schema, kind, r.Endpoint})
}

func (j *jsonEndpoints) end(total probeTotal) error {
	j.write(struct {
		Schema string     `json:"schema"`
		Kind   string     `json:"kind"`
		Total  probeTotal `json:"total"`
	}{rtevent.Schema, "summary", total})
	return j.err
}

func (j *jsonEndpoints) write(v any) {
	if j.err == nil {
		j.err = printJSON(j.out, v)
	}
}
