// Who looks on with a browser. Browsers open connections ahead of need and say nothing on them, for seconds; a greeting that
// lies there when the browser at last sends its request would be taken for the answer. So a silent connection from where
// a browser is at work is greeted much later than others, when no browser would use it any more. Whatever is said on it is
// answered at once, as everywhere.

package deliver

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	// browserSilence is how long such a connection may be silent: browsers close what they did not use before that.
	browserSilence = 5 * time.Minute

	// browserAway is how long after its last request a browser is taken to be still there.
	browserAway = 10 * time.Minute

	// mostBrowsers bounds how many addresses are known.
	mostBrowsers = 4096
)

// browsers knows from where browsers ask.
type browsers struct {
	mu   sync.Mutex
	from map[netip.Addr]*looking
}

// looking is what is known of the browsers of one address.
type looking struct {
	requests int       // that are under way
	last     time.Time // when the latest began or ended
}

// isBrowser tells whether a request is one's. All of them have called themselves Mozilla for thirty years.
func isBrowser(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "Mozilla/") }

// asks notes a request, until the returned function is called.
func (b *browsers) asks(from netip.Addr) (done func()) {
	l := b.note(from, +1)
	if l == nil {
		return func() {}
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		l.requests--
		l.last = time.Now()
	}
}

func (b *browsers) note(from netip.Addr, requests int) *looking {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.from[from]
	if l == nil {
		if len(b.from) >= mostBrowsers {
			b.forget()
		}
		if len(b.from) >= mostBrowsers {
			return nil
		}
		if b.from == nil {
			b.from = map[netip.Addr]*looking{}
		}
		l = &looking{}
		b.from[from] = l
	}
	l.requests += requests
	l.last = time.Now()
	return l
}

// forget drops the addresses whose browsers are away.
func (b *browsers) forget() {
	for from, l := range b.from {
		if !l.there() {
			delete(b.from, from)
		}
	}
}

func (l *looking) there() bool { return l.requests > 0 || time.Since(l.last) < browserAway }

// at tells whether a browser is at work at an address.
func (b *browsers) at(from netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.from[from]
	return l != nil && l.there()
}
