package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells a waiting person on a terminal how far it is, once it takes longer than an eye blink.
type progress struct {
	mu     sync.Mutex
	screen screen
	last   time.Time
	shown  bool
}

func newProgress(w io.Writer) *progress {
	return &progress{screen: screenOf(w), last: time.Now().Add(200 * time.Millisecond)}
}

func (p *progress) asked(done, of int) {
	if done < of {
		p.say("asking: %d of %d done", done, of)
	}
}

// say shows how far it is, at most ten times a second.
func (p *progress) say(format string, args ...any) {
	if p.screen.width == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = time.Now(), true
	fmt.Fprintf(p.screen, "\r\x1b[K"+format, args...)
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
