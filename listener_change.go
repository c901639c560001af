package rtevent

// ListenerChange is the data of an Event that tells of a Listener.
type ListenerChange struct {
	// Listener is as the change left it; one that closed, as it was last. Nil in a gap.
	//
	// As it opens, its Holders are what the kernel told at that moment, and there is no Finding yet. Whoever is
	// identified has Claim, Finding and Verdict.
	Listener *Listener `json:"listener,omitempty"`

	// Existing says that this was found by looking, and not told as it happened: a Listener that was there before
	// anybody looked, or one that came or went in a Gap. What is told of it later, when it happens, is not Existing.
	Existing bool `json:"existing,omitempty"`

	// Differs names what a changed Listener is not any more: DiffersOwner, DiffersFinding, DiffersVerdict. Was is what it
	// was, in these alone.
	Differs []string `json:"differs,omitempty"`
	Was     *Former  `json:"was,omitempty"`

	// LivedMS is how long a Listener lived that closed: in milliseconds, with fractions, for some live a few
	// microseconds. Nil when it was there before anybody looked.
	LivedMS *float64 `json:"lived_ms,omitempty"`

	// Gap is what was or may have been missed.
	Gap *Gap `json:"gap,omitempty"`
}

// What can differ in a changed Listener.
const (
	DiffersOwner   = "owner"   // others hold it, or another start of the same program: never the process id alone
	DiffersFinding = "finding" // it speaks something else
	DiffersVerdict = "verdict"
)

// Former is what a Listener was before it changed, in short.
type Former struct {
	Holders []Owner  `json:"holders,omitempty"` // who they were; no packages, no ancestry
	Finding *Finding `json:"finding,omitempty"` // what it spoke; no evidence
	Verdict *Verdict `json:"verdict,omitempty"`
}
