package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells a waiting person on a terminal how many ports are done, once it takes longer than an eye blink.
type progress struct {
	mu     sync.Mutex
	screen screen
	start  time.Time
	shown  bool
}

func newProgress(w io.Writer) *progress {
	return &progress{screen: screenOf(w), start: time.Now()}
}

func (p *progress) asked(done, of int) {
	if p.screen.width == 0 || time.Since(p.start) < 300*time.Millisecond || done == of {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = true
	fmt.Fprintf(p.screen, "\r\x1b[Kasking: %d of %d done", done, of)
}

// clear takes the line away before anything else is printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.screen, "\r\x1b[K")
		p.shown = false
	}
}
