package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"rtevent"
	"rtevent/internal/words"
)

// screen is where output goes: how wide it is and whether it shows colour. A Width of 0 means that it is no terminal:
// nothing need be cut, and nobody waits for the first row.
type screen struct {
	io.Writer
	width  int
	colour bool
}

func screenOf(w io.Writer) screen {
	s := screen{Writer: w}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.width, s.colour = 80, !noColour()
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		s.width = width
	}
	return s
}

// The few colours, as SGR codes: one for each thing that a reader looks for.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (s screen) paint(code, text string) string {
	if !s.colour || code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// shade is the colour of a verdict: what deserves scrutiny stands out, what is in order stays calm.
func shade(v *rtevent.Verdict) string {
	switch {
	case words.Marks(v) == " !!":
		return red
	case words.Marks(v) == " !":
		return yellow
	case v.Label == rtevent.AsRegistered || v.Label == rtevent.AsPractised:
		return green
	default:
		return ""
	}
}
