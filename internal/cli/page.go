package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/survey"
	"rtevent/internal/words"
)

// page is a port as the user asked for it.
type page struct {
	words.Port
	asked     portRange       // what the user typed
	filtered  bool            // what listens there may have been left out
	neighbour []rtevent.Claim // registered next to it
}

// pages prints a page for each port asked for.
func (o look) pages(c *cobra.Command, registry *iana.Registry, ports []portRange) error {
	pages := make([]*page, len(ports))
	for i, p := range ports {
		pages[i] = newPage(registry, p)
		pages[i].filtered = o.process != "" || len(o.labels) > 0
	}
	var total total
	coverage, err := survey.Run(c.Context(), o.survey(registry, ports), func(l rtevent.Listener) {
		if !o.shown(l) {
			return
		}
		total.add(l)
		for _, p := range pages {
			if p.asked.has(l) {
				p.Listeners = append(p.Listeners, l)
			}
		}
	})
	if err != nil {
		return err
	}
	target := screenOf(c.OutOrStdout())
	err = written(c, func(out io.Writer) error {
		for i, p := range pages {
			p.Coverage = coverage
			if err := o.printPage(out, target, p, i > 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return total.outcome(c.Context())
}

func (o look) printPage(out io.Writer, s screen, p *page, further bool) error {
	if o.json {
		return printJSON(out, p)
	}
	s.Writer = out
	if further {
		fmt.Fprintln(out)
	}
	writePage(s, p)
	return nil
}

func newPage(registry *iana.Registry, p portRange) *page {
	port := words.NewPort(registry, p.transport, p.first)
	return &page{Port: port, asked: p, neighbour: words.Neighbours(registry, port.Claims)}
}

// margin is where the text of a section starts.
const margin = 13

// sheet writes the page's sections within the screen's width.
type sheet struct {
	screen
	width int
}

func newSheet(s screen) sheet {
	w := sheet{screen: s, width: s.width}
	if w.width == 0 {
		w.width = 100
	}
	return w
}

func writePage(s screen, p *page) {
	w := newSheet(s)
	w.headline(p)
	fmt.Fprintln(w)
	w.here(p)
	w.claimed(p)
	w.practice(p)
	w.byHand(p.How)
	if p.doubtful() {
		for _, g := range p.Coverage.Gaps {
			w.section("not seen", words.Gap(g))
		}
	}
}

// doubtful tells whether what could not be seen of the host may matter for this page.
func (p *page) doubtful() bool {
	unseen := func(o rtevent.Owner) bool { return o.Unseen != "" }
	return len(p.Listeners) == 0 ||
		slices.ContainsFunc(p.Listeners, func(l rtevent.Listener) bool { return slices.ContainsFunc(l.Holders, unseen) })
}

func (w sheet) headline(p *page) {
	if len(p.Listeners) == 0 {
		nothing := "nothing listens on it here"
		if p.filtered {
			nothing = "nothing that passes the filters listens on it here"
		}
		fmt.Fprintf(w, "%s  %s\n", w.paint(bold, p.asked.String()), nothing)
		return
	}
	said := map[string]bool{}
	for _, l := range p.Listeners {
		line := w.paint(bold, l.PortName()) + "  " + w.paint(shade(l.Verdict), words.Printable(l.Verdict.Summary))
		if !said[line] {
			fmt.Fprintln(w, line)
		}
		said[line] = true
	}
}

// section writes a title in the margin and its text beside it; no title continues the section above.
func (w sheet) section(title, text string) {
	for _, line := range words.Wrap(text, max(w.width-margin, 20)) {
		fmt.Fprintf(w, "  %s%s%s\n", w.paint(dim, title), strings.Repeat(" ", max(margin-2-len(title), 1)), line)
		title = ""
	}
}

func (w sheet) byHand(h words.How) {
	title := "by hand"
	for _, line := range []struct{ system, command string }{
		{"Linux", h.Linux}, {"macOS", h.MacOS}, {"Windows", h.Windows}, {"outside", h.Outside},
	} {
		// Commands are copied: they are never wrapped.
		fmt.Fprintf(w, "  %s%s%-8s %s\n", w.paint(dim, title), strings.Repeat(" ", margin-2-len(title)), line.system, line.command)
		title = ""
	}
}
