package rtevent

import (
	"net/netip"
	"strconv"
)

// State is what trying to reach a port from outside told.
type State string

// The states. Over UDP silence tells nothing: whoever does not understand a datagram may drop it, and so may a firewall.
const (
	Open         State = "open"          // somebody accepts connections, or answered
	Closed       State = "closed"        // the host says that nobody is there
	Filtered     State = "filtered"      // nothing came back, or something on the way refused
	OpenFiltered State = "open|filtered" // UDP: nothing came back
)

// Endpoint is a port of a host as it looks from outside: who holds it cannot be seen.
type Endpoint struct {
	Target    string     `json:"target"` // the host as the user wrote it, or an address of the block that he wrote
	Address   netip.Addr `json:"address"`
	Transport Transport  `json:"transport"`

	// Port is 0 for an Endpoint that stands for all ports of a host that AnswersEverywhere.
	Port  uint16 `json:"port,omitempty"`
	State State  `json:"state"`

	// Why says what came back instead of an answer: "refused", "no answer", "no route to host".
	Why string `json:"why,omitempty"`

	// AnswersEverywhere says that the host accepts connections on ports that nobody uses: that a port of it is open says
	// nothing.
	AnswersEverywhere bool `json:"answers_everywhere,omitempty"`

	// Claim is there for every port; Finding and Verdict only where somebody answered or might have.
	Claim   *Claim   `json:"claim,omitempty"`
	Finding *Finding `json:"finding,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
}

// PortName is the way ports are written: "3706/tcp".
func (e Endpoint) PortName() string {
	return strconv.Itoa(int(e.Port)) + "/" + string(e.Transport)
}
