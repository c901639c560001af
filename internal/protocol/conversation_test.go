package protocol_test

import (
	"slices"
	"testing"

	"rtevent"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// A spoken is one connection of a conversation, with who reads what the server said on it.
type spoken struct {
	*transcript.Transcript
	hello string // what it began with, where that is a question
	read  func(reply string) []rtevent.Finding
}

// connections are those of a conversation. What was said on the second and later ones must be a question to which an
// earlier answer leads.
func connections(t *testing.T, file string, tr *transcript.Transcript) []spoken {
	t.Helper()
	var all []spoken
	var questions []protocol.Question
	for i, c := range tr.Connections() {
		s := spoken{c, "", protocol.Read}
		if i > 0 {
			q := slices.IndexFunc(questions, func(q protocol.Question) bool { return q.Words == c.Sent() })
			if q < 0 {
				t.Errorf("%s: nothing that was heard leads to %.60q", file, c.Sent())
				continue
			}
			s.hello, s.read = c.Sent(), questions[q].Reading
		}
		if d := protocol.Lookup(tr.Want.Protocol); d != nil && d.Next != nil && (i == 0 || c.Reply() != "") {
			questions = append(questions, d.Next(c.Reply())...)
		}
		all = append(all, s)
	}
	return all
}

// amount is what all connections of a conversation tell together; every finding alone where they are not of one protocol.
func amount(all []spoken) []rtevent.Finding {
	var found []rtevent.Finding
	for _, s := range all {
		found = append(found, s.read(s.Reply())...)
	}
	slices.SortStableFunc(found, protocol.Order)
	for _, f := range found {
		if f.Protocol != found[0].Protocol {
			return found
		}
	}
	if len(found) > 1 {
		found = []rtevent.Finding{protocol.Merge(found)}
	}
	return found
}
