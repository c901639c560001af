// Says how well a host is being watched.

package observe

import (
	"fmt"
	"slices"
	"time"

	"rtevent"
)

// cover notes down what Coverage is to say.
func (r *watcher) cover() {
	seeing := r.census.seeing
	c := rtevent.Coverage{
		Tier:       r.tierName(),
		Why:        seeing.why,
		Namespaces: seeing.visited,
		TookMS:     r.census.cost.Milliseconds(),
		Events:     r.events(),
	}
	var told []rtevent.Listener
	for _, g := range r.ledger.endpoints {
		told = append(told, g.told)
	}
	c.Gaps = append(c.Gaps, r.refusals...)
	c.Gaps = append(c.Gaps, r.blindSpots()...)
	c.Gaps = append(c.Gaps, gathered(seeing.gaps)...)
	if gap, any := seeing.blind.gap(told); any {
		c.Gaps = append(c.Gaps, gap)
	}
	if len(r.refusals) > 0 {
		c.Why = r.refusals[0].Why
	}
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	c.Dropped = r.watch.coverage.Dropped
	r.watch.coverage = c
}

// tierName is the rung of the ladder on which TCP and UDP are.
func (r *watcher) tierName() string {
	lower := r.census.seeing.tier
	if lower == tierDiag || lower == tierBPF {
		lower = "sock_diag+proc"
	}
	tcp, udp := r.tells(rtevent.TCP), r.tells(rtevent.UDP)
	switch {
	case tcp && udp:
		return tierBPF
	case tcp:
		return "bpf for TCP, " + lower + " for UDP"
	case udp:
		return "bpf for UDP, " + lower + " for TCP"
	}
	return lower
}

// events says by what each kind of Change is told.
func (r *watcher) events() map[string]string {
	const byBPF, byGoodbye = "bpf", "destroy group"
	poll := "every " + r.pollClock().String()
	look := "every " + r.slowClock().Round(time.Second).String()
	e := map[string]string{
		"tcp_opened": byBPF, "tcp_closed": byBPF, "tcp_failed": byBPF,
		"udp_opened": byBPF, "udp_closed": byBPF,
		"udp_kernel_port": look, "holders": look, "hidden": look, "other_namespaces": byBPF,
	}
	ends := poll
	if r.goodbyes != nil {
		ends = byGoodbye
	}
	if !r.tells(rtevent.TCP) {
		e["tcp_opened"], e["tcp_closed"], e["tcp_failed"] = poll, ends, "no"
	}
	if !r.tells(rtevent.UDP) {
		e["udp_opened"], e["udp_closed"], e["udp_kernel_port"] = poll, ends, poll
	}
	if !r.tells(rtevent.TCP) || !r.tells(rtevent.UDP) {
		e["other_namespaces"] = look
	}
	return e
}

// blindSpots says what cannot be seen by the rung that is in use.
func (r *watcher) blindSpots() (gaps []rtevent.Gap) {
	if n := r.counts.skipped; n > 0 && r.tells(rtevent.TCP) {
		gaps = append(gaps, rtevent.Gap{
			What: fmt.Sprintf("%s of TCP sockets, nearly certainly of connections and not of listeners", counted(int(n), "event")),
			Why:  "the kernel skips a BPF program on a processor that is in the middle of it",
		})
	}
	var polled []string
	for _, t := range []rtevent.Transport{rtevent.TCP, rtevent.UDP} {
		if !r.tells(t) {
			polled = append(polled, string(t))
		}
	}
	if len(polled) == 0 {
		return gaps
	}
	what := "listeners"
	if len(polled) == 1 {
		what = polled[0] + " listeners"
	}
	why := ""
	if len(r.refusals) > 0 {
		why = r.refusals[0].Why
	}
	gap := rtevent.Gap{
		What: fmt.Sprintf("%s that live less than %v here, or %v in other network namespaces", what, r.pollClock(), r.slowClock().Round(time.Second)),
		Why:  "sockets are listed from time to time: " + why,
	}
	if n := r.counts.passing; n > 0 && slices.Contains(polled, string(rtevent.TCP)) {
		gap.What += fmt.Sprintf(" (%s came and went so far that may have been such)", counted(int(n), "socket"))
	}
	return append(gaps, gap)
}
