// Package protocol knows each protocol: one file each, a Def with pure functions from reply to finding.
//
// Nothing here opens a connection. Package identify asks; every reply, whoever's hello caused it, is read by every
// reader. A reader keeps no state, never panics, and answers false for what is not its own: recognising too much is
// as bad as missing.
//
// Each Def owns at least one transcript in testdata, recorded from a real server. The tests hold that it is read by its
// own reader and by no other.
package protocol

import (
	"io"
	"slices"
	"strings"

	"rtevent"
)

// Def is all we know of one protocol. Ports and Programs are hints that order the hellos; they never decide.
type Def struct {
	// Name is the IANA service name, or ours where there is none.
	Name string

	// Claims are further registered names under which the same protocol goes ("http-alt"), and SecureClaims those
	// that mean it inside TLS ("https").
	Claims       []string
	SecureClaims []string

	// Ports are the usual ones; SecurePorts those where TLS is spoken from the first byte.
	Ports       []uint16
	SecurePorts []uint16

	// Programs are the executables that speak it as their main business.
	Programs []Program

	// Hello is what its own client says first over TCP, complete and harmless; empty when the server speaks first
	// or when it is not spoken over TCP. Datagram is the same for UDP. Bye is what a client says before it leaves,
	// so that the server logs no broken conversation; empty where closing is the custom.
	Hello    string
	Datagram string
	Bye      string

	// Greets says that the server speaks first over TCP.
	Greets bool

	// Shy says that only those are asked to whom the owner or the port points: such a server serves one client, bans
	// who knocks too often, or gives itself away to others.
	Shy bool

	// Roams says that its servers answer a Datagram from another port than it was sent to.
	Roams bool

	// Manners are what its servers were seen to do with the words of strangers: one Manner or several, a blank between
	// them. Empty where that is not known.
	Manners string

	// Single says that its servers serve one connection at a time and break off all others.
	Single bool

	// Only says that its programs speak nothing else, on no port: slow as they may be, they are asked in no other words.
	Only bool

	// StartTLS is how its clients go on inside TLS on the same connection; nil where they do not.
	StartTLS *StartTLS

	// Talk carries on where one hello is not enough: after the greeting, or after the first answer to Hello, it gets what
	// the server has said so far and returns all it said in the end. It is worth calling also when Read knows the
	// protocol already: it fetches the version, or leaves politely. Where what was heard cannot be its protocol it
	// writes nothing and returns that at once. It reads and writes nothing but rw, which is bounded in time and bytes,
	// and returns what it has on the first error. Nil for most.
	Talk func(rw io.ReadWriter, heard string) string

	// Next are the questions that go on from what one connection said, each to be asked on a connection of its own, the
	// most telling first. After "" they are other ways to begin with a server that closed on Hello without a word. Nil
	// where all is said on one connection.
	Next func(heard string) []Question

	// Read tells whether a reply is this protocol's and what it says of the server. It sets Protocol, Product,
	// Version, Details, Confidence and Evidence (Saw and Says only) and nothing else. The reply is whatever one
	// connection said, in order, possibly cut anywhere.
	Read func(reply string) (rtevent.Finding, bool)
}

// Question is a further thing to ask of a server, on a new connection.
type Question struct {
	Name  string // short, for people: "/version"
	Words string // what to say, complete and harmless

	// Read reads the answer with the question in mind; nil where nothing hangs on that.
	Read func(reply string) (rtevent.Finding, bool)
}

// Reading is what the answer to a question tells, as package function Read has it.
func (q Question) Reading(reply string) []rtevent.Finding {
	if q.Read != nil {
		if f, ok := q.Read(reply); ok {
			return []rtevent.Finding{f}
		}
	}
	return Read(reply)
}

// Program is an executable that speaks a protocol: its base name, and the product it belongs to as a Finding would name it;
// empty where several go by that name.
type Program struct{ Exe, Product string }

// Lookup finds a Def by its name or by a name that the registry has for it; nil if there is none.
func Lookup(name string) *Def {
	i := slices.IndexFunc(All, func(d *Def) bool {
		return d.Name == name || slices.Contains(d.Claims, name) || slices.Contains(d.SecureClaims, name)
	})
	if i < 0 {
		return nil
	}
	return All[i]
}

// Program finds the program of a name, whatever version it ends in ("php-fpm8.2"); false if it is none of the protocol's.
func (d *Def) Program(exe string) (Program, bool) {
	exe = strings.TrimSuffix(strings.ToLower(exe), ".exe")
	for _, name := range []string{exe, strings.TrimRight(exe, "0123456789.-")} {
		for _, p := range d.Programs {
			if strings.EqualFold(p.Exe, name) {
				return p, true
			}
		}
	}
	return Program{}, false
}

// Product is what a program of this name is when it speaks the protocol; empty if that is not known.
func (d *Def) Product(exe string) string {
	p, _ := d.Program(exe)
	return p.Product
}

// Secures tells whether servers of the protocol may speak it inside TLS from the first byte. Whoever has no port for that
// and greets in the clear, or speaks nothing else on any port, does not: TLS comes later there, or never.
func (d *Def) Secures() bool {
	return !d.Greets && !d.Only || len(d.SecurePorts) > 0 || len(d.SecureClaims) > 0
}

// Means tells whether a registered service name stands for what a finding speaks: "https" for http inside TLS,
// "http-alt" for http, "ssh" for ssh.
func Means(claim string, f *rtevent.Finding) bool {
	if !f.Known() {
		return false
	}
	if claim == f.Protocol {
		return true
	}
	d := Lookup(f.Protocol)
	if d == nil {
		return false
	}
	return slices.Contains(d.Claims, claim) || f.TLS != nil && slices.Contains(d.SecureClaims, claim)
}
