// Package rtevent holds the words of rtevent as plain values: Listener, Owner, Claim, Finding, Verdict and Event.
//
// A port number is a claim; a program that answers is a fact. These values keep the two apart: what the registry
// says of a port (Claim), who holds it (Owner), what it speaks (Finding), and what follows from comparing them
// (Verdict). None is ever filled from another. Unknown is an answer: an Owner that could not be seen says why, and
// a Finding without a protocol says what was tried.
//
// The JSON form of these values is the schema of every --json output and of every event: names in snake_case,
// absent when unknown, times in RFC 3339 UTC, durations in milliseconds with the unit in the name. A field may be
// added within one Schema; none changes its meaning.
//
// The package does no I/O and imports the standard library only.
package rtevent

import (
	"net/netip"
	"strconv"
)

// Schema is the version of the JSON form of the values in this package.
const Schema = "rtevent/1"

// Transport is how bytes travel to a Listener, in the registry's own words.
type Transport string

// The transports that the registry knows. Only TCP and UDP are observed and identified.
const (
	TCP  Transport = "tcp"
	UDP  Transport = "udp"
	SCTP Transport = "sctp"
	DCCP Transport = "dccp"
)

// Scope is from where a Listener can be reached, judged by its address alone.
type Scope string

// The scopes, from the narrowest to the widest.
const (
	Loopback  Scope = "loopback"  // this host only
	Interface Scope = "interface" // one address or device
	All       Scope = "all"       // every address of the host
)

// ScopeOf tells the scope of an address. An IPv4 address mapped into IPv6 counts as what it maps.
func ScopeOf(a netip.Addr) Scope {
	switch a = a.Unmap(); {
	case a.IsLoopback():
		return Loopback
	case a.IsUnspecified() || !a.IsValid():
		return All
	default:
		return Interface
	}
}

// Listener is an endpoint that takes traffic. Several sockets that share it (SO_REUSEPORT, a forking server) are one
// Listener with several Holders.
type Listener struct {
	Host      string     `json:"host,omitempty"`
	Transport Transport  `json:"transport"`
	Address   netip.Addr `json:"address"`
	Port      uint16     `json:"port"`
	Scope     Scope      `json:"scope"`

	// Device is the network device that the socket is bound to, if it is bound to one.
	Device string `json:"device,omitempty"`

	// DualStack says that a listener on [::] takes IPv4 as well.
	DualStack bool `json:"dual_stack,omitempty"`

	// NetNS is the inode number of the network namespace; 0 where the OS has none. Namespace says in words which
	// one it is ("/run/netns/blue", "pid 812") and is empty for the namespace that rtevent itself runs in.
	NetNS     uint64 `json:"netns,omitempty"`
	Namespace string `json:"namespace,omitempty"`

	// LikelyClient marks a UDP socket whose port the kernel probably chose: the near end of some client's
	// conversation rather than a service.
	LikelyClient bool `json:"likely_client,omitempty"`

	// HiddenFrom names the kernel views that ought to show this Listener and do not.
	HiddenFrom []string `json:"hidden_from,omitempty"`

	// Holders are the processes that hold the socket. It is never empty: what could not be seen is an Owner whose
	// Unseen says why.
	Holders []Owner `json:"holders"`

	Claim   *Claim   `json:"claim,omitempty"`
	Finding *Finding `json:"finding,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
}

// AddrPort is where the Listener can be dialled, from its own network namespace: an unspecified address becomes the
// loopback address of its family.
func (l Listener) AddrPort() netip.AddrPort {
	a := l.Address
	if a.IsUnspecified() && a.Is4() {
		a = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	} else if a.IsUnspecified() || !a.IsValid() {
		a = netip.IPv6Loopback()
	}
	return netip.AddrPortFrom(a, l.Port)
}

// PortName is the way ports are written: "3706/tcp".
func (l Listener) PortName() string {
	return strconv.Itoa(int(l.Port)) + "/" + string(l.Transport)
}
