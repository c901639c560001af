// The corpus: who is asked, and what is true of each.

package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rtevent"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

// kind is where a server comes from.
type kind string

// The kinds of servers.
const (
	recording kind = "recorded servers"      // answers what was recorded to the words that were recorded
	lookAlike kind = "look-alikes"           // answers what a fixture says to whatever it is told
	odd       kind = "odd servers"           // of the test bed
	live      kind = "servers made of rules" // echoes, noise and the like
)

// A server is one that is asked.
type server struct {
	name  string
	kind  kind
	over  transcript.Carrier
	truth rtevent.Finding // Protocol, Product and Version; no Protocol: nothing to recognise
	start start

	// opening is what a recorded server must be told before it says anything; empty for those that greet or that
	// answer whatever they are told.
	opening string
}

// def is what is known of the protocol that the server truly speaks; nil if that is nothing.
func (s server) def() *protocol.Def {
	if s.truth.Protocol == "" || s.kind != recording {
		return nil
	}
	return protocol.Lookup(s.truth.Protocol)
}

// corpus is everybody, in an order that depends on names only.
func corpus(dir, oddProgram string, secure *tls.Config) ([]server, error) {
	recordings, err := recordedServers(dir, secure)
	if err != nil {
		return nil, err
	}
	alike, err := lookAlikes(filepath.Join(dir, "negative"), secure)
	if err != nil {
		return nil, err
	}
	return slices.Concat(recordings, alike, oddServers(oddProgram), liveServers(secure)), nil
}

// scolds ends the name of what was recorded when a server was asked in the words of HTTP.
const scolds = "-scolds-http"

// recordedServers joins what was recorded of one server in its own words with what it made of HTTP.
func recordedServers(dir string, secure *tls.Config) ([]server, error) {
	all, names, err := transcripts(dir)
	if err != nil {
		return nil, err
	}
	var servers []server
	for _, name := range names {
		native, scolding := strings.CutSuffix(name, scolds)
		if scolding && all[native] != nil {
			continue // is part of that one
		}
		t := all[name]
		if t.Want == nil {
			return nil, fmt.Errorf("%s: has no want line", name)
		}
		parts := []*transcript.Transcript{t}
		s := server{name: name, kind: recording, over: t.Over, truth: *t.Want, opening: opening(t)}
		if other := all[name+scolds]; other != nil {
			parts = append(parts, other)
			s.opening = opening(other)
			s.truth = protocol.Merge([]rtevent.Finding{s.truth, *other.Want})
		}
		s.start = replayed(s.manner(), secure, parts...)
		servers = append(servers, s)
	}
	return servers, nil
}

// opening is what a client says before the server says anything.
func opening(t *transcript.Transcript) string {
	if len(t.Turns) == 0 || t.Turns[0].By == transcript.Server {
		return ""
	}
	return t.Turns[0].Data
}

// lookAlikes are the fixtures that resemble a protocol. They are made to mislead: what they say, they say to whatever they are
// told; and who does not greet says it in another run to text only, for a server that answers everything alike is easy to
// distrust.
func lookAlikes(dir string, secure *tls.Config) ([]server, error) {
	all, names, err := transcripts(dir)
	if err != nil {
		return nil, err
	}
	var servers []server
	for _, name := range names {
		t := all[name]
		if t.Want == nil {
			return nil, fmt.Errorf("%s: has no want line", name)
		}
		s := server{name: name, kind: lookAlike, over: t.Over, truth: *t.Want}
		if t.Over == transcript.UDP {
			s.start = packets(answerAny(t))
			servers = append(servers, s)
			continue
		}
		s.start = talking(t.Over, secure, says(t, func(string) bool { return true }))
		servers = append(servers, s)
		if opening(t) != "" {
			s.name += " (to text)"
			s.start = talking(t.Over, secure, says(t, isText))
			servers = append(servers, s)
		}
	}
	return servers, nil
}

// oddServers are those of the test bed, and what each truly is.
func oddServers(path string) []server {
	truths := []struct{ kind, protocol, product string }{
		{kind: "silent"}, {kind: "closes"}, {kind: "closes-on-data"}, {kind: "echo", protocol: "echo"}, {kind: "line"},
		{kind: "banner"}, {kind: "json"}, {kind: "binary"}, {kind: "random"}, {kind: "streams"}, {kind: "dribbles"}, {kind: "264"},
		{kind: "220"}, {kind: "everything"}, {kind: "escapes"}, {kind: "escapes-http", protocol: "http"}, {kind: "escapes-ssh"},
		{kind: "http", protocol: "http", product: "Go net/http"},
	}
	var servers []server
	add := func(over transcript.Carrier, truth rtevent.Finding, args ...string) {
		name := "odd " + strings.Join(args, " ")
		servers = append(servers, server{name: name, kind: odd, over: over, truth: truth, start: program(path, args...)})
	}
	for _, t := range truths {
		truth := rtevent.Finding{Protocol: t.protocol, Product: t.product}
		add(transcript.TCP, truth, t.kind)
		if t.kind != "closes" { // that one closes before there is any TLS
			add(transcript.TLS, truth, "-tls", t.kind)
		}
	}
	add(transcript.UDP, rtevent.Finding{}, "-udp", "silent")
	add(transcript.UDP, rtevent.Finding{Protocol: "echo"}, "-udp", "echo")
	return servers
}

// transcripts reads a directory of them; names are without their ends and sorted.
func transcripts(dir string) (map[string]*transcript.Transcript, []string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, nil, err
	}
	if len(files) == 0 {
		return nil, nil, fmt.Errorf("no transcripts in %s: run it from the module's root", dir)
	}
	slices.Sort(files)
	all, names := map[string]*transcript.Transcript{}, []string{}
	for _, file := range files {
		t, err := readTranscript(file)
		if err != nil {
			return nil, nil, err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		all[name], names = t, append(names, name)
	}
	return all, names, nil
}

func readTranscript(file string) (*transcript.Transcript, error) {
	text, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	t, err := transcript.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// named keeps the servers whose name contains a text.
func named(servers []server, text string) []server {
	return slices.DeleteFunc(servers, func(s server) bool { return !strings.Contains(s.name, text) })
}
