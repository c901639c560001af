package rtevent

// Label is the outcome of holding a Claim against a Finding.
type Label string

// The labels.
const (
	AsRegistered Label = "as-registered" // speaks what the registry claims
	AsPractised  Label = "as-practised"  // speaks what practice puts there
	Mislabelled  Label = "mislabelled"   // speaks something else than the registry claims
	Unregistered Label = "unregistered"  // known, on a port that nobody registered
	Unidentified Label = "unidentified"  // was asked, and is not known
	NotAsked     Label = "not-asked"     // was not asked
)

// Verdict compares Claim, Finding and Owner: one label, one sentence, and what deserves scrutiny.
type Verdict struct {
	Label   Label    `json:"label"`
	Summary string   `json:"summary"`
	Signals []Signal `json:"signals,omitempty"`
}

// Severity grades a Signal.
type Severity string

// The severities. Info is worth knowing; from Medium on, the Listener deserves scrutiny.
const (
	Info   Severity = "info"
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// Signal is one fact about a Listener that is worth a look, with the reason.
type Signal struct {
	ID       string   `json:"id"` // "exe-deleted"
	Severity Severity `json:"severity"`
	Why      string   `json:"why"`
}

// Scrutiny tells whether any signal is of severity Medium or High.
func (v *Verdict) Scrutiny() bool {
	if v == nil {
		return false
	}
	for _, s := range v.Signals {
		if s.Severity == Medium || s.Severity == High {
			return true
		}
	}
	return false
}
