package rtevent

// Level is how much sign of life there is for a Claim.
type Level string

// The levels, by the first rule that fits. Nothing here says "unused": a Ghost shows no sign of life in the sources
// that were looked at, and about a quarter of such ports once had a private or closed product.
const (
	Standard    Level = "standard"    // registered, and a specification is known
	Implemented Level = "implemented" // registered, and an independent source has the registered service there
	Squatted    Level = "squatted"    // registered, and the sources know only other programs there
	Twin        Level = "twin"        // silent, but the same name lives on the other transport
	Quiet       Level = "quiet"       // silent, but registered or edited lately, or a sibling lives
	Ghost       Level = "ghost"       // registered, silent, none of the above
	Practised   Level = "practised"   // not registered, but programs are known to use it
	Historical  Level = "historical"  // not registered, and only programs of the past are known
	Reserved    Level = "reserved"    // the registry keeps it back, or took it back
	Unassigned  Level = "unassigned"  // no name, nothing known, below 49152
	Dynamic     Level = "dynamic"     // no name, nothing known, from 49152
	Portless    Level = "portless"    // a service name without a port, for service discovery
)

// Claim is what the registry says of a port. It is a historical record, not evidence of what runs there.
type Claim struct {
	// Name is the registered service name; empty when the port has none (Reserved, Unassigned, Dynamic...).
	Name        string    `json:"name,omitempty"`
	Transport   Transport `json:"transport"`
	Port        uint16    `json:"port"`
	PortLast    uint16    `json:"port_last,omitempty"` // the end of a range; absent for a single port
	Description string    `json:"description,omitempty"`
	Assignee    string    `json:"assignee,omitempty"`
	Contact     string    `json:"contact,omitempty"`

	// Registered and Modified are as the registry writes them: "2003-02" or "2015-07-14".
	Registered string `json:"registered,omitempty"`
	Modified   string `json:"modified,omitempty"`
	Reference  string `json:"reference,omitempty"`

	// Attribution says where Assignee and Registered come from when the row itself is blank.
	Attribution string `json:"attribution,omitempty"`

	// Unauthorized is the registry's own note on uses that it did not agree to; Notes, its other remarks.
	Unauthorized string `json:"unauthorized,omitempty"`
	Notes        string `json:"notes,omitempty"`

	Level Level `json:"level"`

	// Contested says that as many or more current programs do something else on this port.
	Contested bool `json:"contested,omitempty"`

	// Basis lists the facts that Level rests on.
	Basis []Fact `json:"basis,omitempty"`

	// AsOf is the date of the registry data: "names of 2026-09, fields of 2015-07".
	AsOf string `json:"as_of,omitempty"`
}

// Fact is one thing that one source says, or that it is silent.
type Fact struct {
	Source string `json:"source"`
	Date   string `json:"date,omitempty"`
	Says   string `json:"says"`

	// Silent says that the source was looked at and has nothing; Says is then "silent".
	Silent bool `json:"silent,omitempty"`
}

// Practice is what software is known to use a port by default, whatever the registry says.
type Practice struct {
	Port       uint16    `json:"port"`
	Transport  Transport `json:"transport"`
	Software   string    `json:"software"`
	Protocol   string    `json:"protocol,omitempty"`
	Speaks     string    `json:"speaks,omitempty"` // Protocol as a Finding would name it, where it is one of those
	Agrees     string    `json:"agrees"`           // yes, no: with the claim; unassigned, dynamic: there is no claim
	Source     string    `json:"source,omitempty"`
	Historical bool      `json:"historical,omitempty"`

	// Corroborated lists the independent sources that say the same.
	Corroborated []string `json:"corroborated,omitempty"`
}
