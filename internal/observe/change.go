// What watching tells: one Change after the other.

package observe

import (
	"time"

	"rtevent"
)

// ChangeKind says what happened.
type ChangeKind string

// The kinds of Change.
const (
	Opened ChangeKind = "opened" // an endpoint takes traffic that did not
	Closed ChangeKind = "closed" // its last socket is gone
	Held   ChangeKind = "held"   // other processes hold it: a fork, a descriptor that was passed on, a socket that was activated

	// Failed is a program that asked to listen and was refused by the kernel: somebody else had the port.
	Failed ChangeKind = "failed"

	// Lost says that something happened unseen, or may have: Gap says what. What can be found out again follows as
	// further Changes that say Existing.
	Lost ChangeKind = "lost"

	// Settled says that everything that was there at the start has been told.
	Settled ChangeKind = "settled"
)

// Change is one thing that happened to an endpoint of this host. The Changes of one endpoint come in the order in which
// they happened, and its Opened and Closed take turns.
type Change struct {
	Kind ChangeKind

	// Listener is the endpoint as it is after the Change; of one that Closed, as it was. Its Holders carry what the
	// kernel captured at that moment (PID, Started, UID, Name, Exe, Unit), even if the process has ended since: what
	// can only be read from a process that still lives is for others to fill. Lost and Settled have none.
	Listener rtevent.Listener

	// At is when it happened, by the clock of the kernel turned into a time of day; for what was found out later, when
	// that was.
	At time.Time

	// Existing says that this was found out by looking, not told by the kernel as it happened: it may be older than At,
	// and what came and went in between is unknown.
	Existing bool

	// Gap is what was lost.
	Gap *rtevent.Gap
}
