package words

import "rtevent"

// Registry answers what is claimed for a port and what practice puts there.
type Registry interface {
	Claims(t rtevent.Transport, port uint16) []rtevent.Claim
	Practice(t rtevent.Transport, port uint16) []rtevent.Practice
}

// Port is everything about one port: what is there now, what the registry claims, what practice puts there, and how to
// check by hand.
type Port struct {
	Schema    string             `json:"schema"`
	Kind      string             `json:"kind"` // "port"
	Port      uint16             `json:"port"`
	Claims    []rtevent.Claim    `json:"claims"`
	Practice  []rtevent.Practice `json:"practice"`
	Listeners []rtevent.Listener `json:"listeners"`
	How       How                `json:"how"`
	Coverage  rtevent.Coverage   `json:"coverage"`
}

// NewPort tells what is known of a port whether or not anything listens there; without a transport, of TCP and UDP.
func NewPort(registry Registry, t rtevent.Transport, port uint16) Port {
	p := Port{
		Schema: rtevent.Schema, Kind: "port", Port: port,
		Claims: []rtevent.Claim{}, Practice: []rtevent.Practice{}, Listeners: []rtevent.Listener{},
		How: HowTo(t, port),
	}
	transports := []rtevent.Transport{t}
	if t == "" {
		transports = []rtevent.Transport{rtevent.TCP, rtevent.UDP}
	}
	for _, t := range transports {
		p.Claims = append(p.Claims, registry.Claims(t, port)...)
		p.Practice = append(p.Practice, registry.Practice(t, port)...)
	}
	return p
}
