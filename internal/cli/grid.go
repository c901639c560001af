package cli

import (
	"bufio"
	"slices"
	"strings"
	"unicode/utf8"

	"rtevent/internal/words"
)

// grid prints rows in columns. On a terminal the widths are settled at once, so that rows can appear as they are known,
// and what is too long is cut. Elsewhere nothing is cut: either the rows are collected and each column gets the room that
// it needs, or they stream and stand in columns as far as they fit.
type grid struct {
	screen  screen
	out     *bufio.Writer
	columns []column
	stream  bool // print each row at once also where there is no terminal
	rooms   []room
	pads    []int // the widths of the columns
	pending []gridRow
	headed  bool
	err     error
}

// column is one of a grid's. Of a terminal's width beyond 80 it takes its share of a hundred, up to a limit; the one of
// rest takes what the others leave.
type column struct {
	head         string
	width        int // on a terminal of 80 columns
	share, limit int
	rest         bool
	name         int // the column of its own that the name in front has, where there is room
	most         int // where it is as wide as its texts: no wider than this; 0: whatever they need
}

// room is what a cell has: its width, 0 for as wide as the text, and that of the name in front of it.
type room struct{ width, name int }

// gridRow is one row: its cells, given the room for each, and the colour of the last.
type gridRow struct {
	cells func([]room) []string
	shade string
}

func newGrid(s screen, stream bool, columns ...column) *grid {
	g := &grid{screen: s, out: bufio.NewWriter(s), columns: columns, stream: stream}
	switch {
	case s.width > 0:
		g.rooms = settle(s.width, columns)
		g.pads = widthsOf(g.rooms)
	case stream:
		g.pads = widthsOf(settle(100, columns))
		g.rooms = g.free()
	}
	return g
}

// settle shares a terminal's width among the columns: what must be read whole first, then the rest in proportion.
func settle(width int, columns []column) []room {
	rooms := make([]room, len(columns))
	spare := max(width-80, 0)
	left := width - (len(columns) - 1)
	for i, c := range columns {
		rooms[i].width = c.width + min(c.limit, spare*c.share/100)
		if spare >= 40 {
			rooms[i].name = c.name
		}
		left -= rooms[i].width
	}
	for i, c := range columns {
		if c.rest {
			rooms[i].width += max(left, 0)
		}
	}
	return rooms
}

// free gives every cell as much room as its text takes.
func (g *grid) free() []room {
	rooms := make([]room, len(g.columns))
	for i, c := range g.columns {
		rooms[i].name = c.name
	}
	return rooms
}

func widthsOf(rooms []room) []int {
	widths := make([]int, len(rooms))
	for i, r := range rooms {
		widths[i] = r.width
	}
	return widths
}

func (g *grid) row(r gridRow) {
	if g.rooms == nil {
		g.pending = append(g.pending, r)
		return
	}
	g.put(r)
	g.flush()
}

// put prints one row, the first one under the heads.
func (g *grid) put(r gridRow) {
	if !g.headed {
		g.headed = true
		var heads []string
		for _, c := range g.columns {
			heads = append(heads, c.head)
		}
		g.print(g.screen.paint(dim, g.join(heads)) + "\n")
	}
	cells := r.cells(g.rooms)
	last := len(cells) - 1
	cells[last] = g.screen.paint(r.shade, cells[last])
	g.print(g.join(cells) + "\n")
}

// join puts all cells but the last at the width of their column.
func (g *grid) join(cells []string) string {
	var b strings.Builder
	last := len(cells) - 1
	for i, cell := range cells[:last] {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", max(g.pads[i]-utf8.RuneCountInString(cell), 0)+1))
	}
	b.WriteString(cells[last])
	return b.String()
}

// collected prints what was collected: each column gets the room that its texts need, within reason.
func (g *grid) collected() {
	if g.rooms != nil || len(g.pending) == 0 {
		return
	}
	g.rooms, g.pads = g.free(), make([]int, len(g.columns))
	for i, c := range g.columns {
		g.pads[i] = utf8.RuneCountInString(c.head)
	}
	for _, r := range g.pending {
		for i, cell := range r.cells(g.rooms) {
			g.pads[i] = max(g.pads[i], utf8.RuneCountInString(cell))
		}
	}
	for i, c := range g.columns {
		if c.most > 0 {
			g.pads[i] = min(g.pads[i], c.most)
			g.rooms[i].width = g.pads[i]
		}
	}
	for _, r := range g.pending {
		g.put(r)
	}
	g.pending = nil
}

// width is how wide the text below the rows may be.
func (g *grid) width() int {
	if g.screen.width == 0 {
		return 100
	}
	return g.screen.width
}

// text prints a paragraph below the rows.
func (g *grid) text(s string) {
	for line := range slices.Values(words.Wrap(s, g.width())) {
		g.print(line + "\n")
	}
}

func (g *grid) print(s string) {
	if g.err == nil {
		_, g.err = g.out.WriteString(s)
	}
}

func (g *grid) flush() {
	if g.err == nil {
		g.err = g.out.Flush()
	}
}
