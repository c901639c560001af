package cli

import (
	"fmt"
	"strings"

	"rtevent"
	"rtevent/internal/probe"
	"rtevent/internal/words"
)

// unknown collects the endpoints that answer or accept and that nobody knows: each could be a protocol more.
type unknown struct {
	first []rtevent.Endpoint
	more  int
}

// mostUnknown bounds how many are told at length.
const mostUnknown = 5

func (u *unknown) add(r probe.Result) {
	switch {
	case r.Verdict == nil || r.Verdict.Label != rtevent.Unidentified:
	case len(u.first) < mostUnknown:
		u.first = append(u.first, r.Endpoint)
	default:
		u.more++
	}
}

// lines say of each what was tried and seen, and how to record it for those who could teach rtevent its name.
func (u *unknown) lines(width int) []string {
	var lines []string
	for _, e := range u.first {
		ways := "1 connection"
		if n := e.Finding.Connections; n != 1 {
			ways = fmt.Sprintf("%d connections", n)
		}
		lines = append(lines, fmt.Sprintf("%s is not known: asked %s (%s).", atPort(e), words.Few(e.Finding.Tried, 12), ways))
		for _, line := range words.Evidence(answered(e.Finding), width-2) {
			lines = append(lines, "  "+line)
		}
		lines = append(lines, "  to record it: "+recording(e))
	}
	if u.more > 0 {
		lines = append(lines, fmt.Sprintf("Not known, too: %d more. --json tells what was tried and seen of each.", u.more))
	}
	return lines
}

// answered is a finding with only that evidence which shows an answer, each answer once.
func answered(f *rtevent.Finding) *rtevent.Finding {
	g := *f
	g.Evidence = nil
	seen := map[string]bool{"": true}
	for _, e := range f.Evidence {
		if !seen[e.Saw] {
			g.Evidence = append(g.Evidence, e)
		}
		seen[e.Saw] = true
	}
	return &g
}

// recording is the command that writes a transcript of an endpoint: with what it answered, if it answered anything.
func recording(e rtevent.Endpoint) string {
	command := "rtevent record"
	switch {
	case e.Transport == rtevent.UDP:
		command += " --udp"
	case e.Finding.TLS != nil:
		command += " --tls"
	}
	for _, x := range e.Finding.Evidence {
		said := strings.TrimSuffix(strings.TrimPrefix(x.Sent, `"`), `"`)
		if x.Saw != "" && x.Sent == `"`+said+`"` && !strings.Contains(said, "'") {
			command += " --say '" + said + "'"
			break
		}
	}
	return command + " " + atPort(e)
}
