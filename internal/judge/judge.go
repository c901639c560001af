// Package judge holds what the registry claims of a port against what answers there and who holds it: one label, one
// sentence, and the signals that deserve scrutiny. It is pure: the same case gives the same verdict.
package judge

import (
	"fmt"
	"strings"
	"time"

	"rtevent"
	"rtevent/internal/protocol"
)

// Case is everything that a verdict rests on. The Listener has its Holders and, if it was asked, its Finding.
type Case struct {
	Listener rtevent.Listener
	Claims   []rtevent.Claim    // of the Listener's port and transport, the most exact first
	Practice []rtevent.Practice // of the same, the most prominent first
	Policy   *Policy            // nil: none
	Now      time.Time
}

// Judge returns the claim that matters most for the case (the one that the finding confirms, else the first) and the
// verdict.
func Judge(c Case) (rtevent.Claim, rtevent.Verdict) {
	claim, confirmed := pick(c)
	v := rtevent.Verdict{Label: label(c, claim, confirmed)}
	v.Signals = signals(c, claim, v.Label)
	v.Summary = summary(c, claim, v.Label)
	return claim, v
}

func pick(c Case) (claim rtevent.Claim, confirmed bool) {
	for _, k := range c.Claims {
		if k.Name != "" && protocol.Means(k.Name, c.Listener.Finding) {
			return k, true
		}
	}
	if len(c.Claims) > 0 {
		return c.Claims[0], false
	}
	return rtevent.Claim{Transport: c.Listener.Transport, Port: c.Listener.Port, Level: rtevent.Unassigned}, false
}

func label(c Case, claim rtevent.Claim, confirmed bool) rtevent.Label {
	f := c.Listener.Finding
	switch {
	case f == nil || f.NotAsked != "":
		return rtevent.NotAsked
	case !identified(f):
		return rtevent.Unidentified
	case confirmed:
		return rtevent.AsRegistered
	case practised(c):
		return rtevent.AsPractised
	case claim.Name != "":
		return rtevent.Mislabelled
	default:
		return rtevent.Unregistered
	}
}

// identified tells whether the finding names what is spoken. A TLS handshake around something unknown does not.
func identified(f *rtevent.Finding) bool { return f.Known() && f.Protocol != "tls" }

// summary is the verdict in one sentence, for somebody who saw the registered name and wonders.
func summary(c Case, claim rtevent.Claim, label rtevent.Label) string {
	f := c.Listener.Finding
	switch label {
	case rtevent.NotAsked:
		why := "nobody asked"
		if f != nil {
			why = f.NotAsked
		}
		return fmt.Sprintf("something listens; what it speaks was not asked: %s", why)
	case rtevent.Unidentified:
		if claim.Name == "" {
			return "something listens, it is not known what, and nobody registered the port"
		}
		return fmt.Sprintf("something listens, and it is not known to be %s", claim.Name)
	case rtevent.AsRegistered:
		return fmt.Sprintf("speaks %s, as registered", spoken(f))
	case rtevent.AsPractised:
		if claim.Name == "" {
			return fmt.Sprintf("speaks %s, as practice has it; nobody registered the port", spoken(f))
		}
		return fmt.Sprintf("speaks %s, as practice has it; the registered name is %s", spoken(f), claim.Name)
	case rtevent.Mislabelled:
		return fmt.Sprintf("speaks %s, not %s", spoken(f), claim.Name)
	default:
		return fmt.Sprintf("speaks %s, on a port that nobody registered", spoken(f))
	}
}

// spoken says what a finding names: "http (nginx 1.22.1) inside TLS".
func spoken(f *rtevent.Finding) string {
	var b strings.Builder
	if f.Confidence == rtevent.Weak {
		b.WriteString("probably ")
	}
	b.WriteString(f.Protocol)
	if product := strings.TrimSpace(f.Product + " " + f.Version); product != "" {
		fmt.Fprintf(&b, " (%s)", product)
	}
	if f.TLS != nil {
		b.WriteString(" inside TLS")
	}
	return b.String()
}
