package main

import (
	"html"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
	"rtevent/internal/protocol"
	"rtevent/internal/transcript"
)

const recorded = "../internal/protocol/testdata"

// TestScore counts every way in which an answer can be right, wrong or missing.
func TestScore(t *testing.T) {
	truth := rtevent.Finding{Protocol: "ssh", Product: "OpenSSH", Version: "9.2p1"}
	found := func(c rtevent.Confidence, names ...string) rtevent.Finding {
		names = append(names, "", "", "")
		return rtevent.Finding{Protocol: names[0], Product: names[1], Version: names[2], Confidence: c}
	}
	plain, inside := server{truth: truth}, server{truth: truth, over: transcript.TLS}
	r := result{answers: []answer{
		{plain, found(rtevent.Strong, "ssh", "OpenSSH", "9.2p1")},
		{plain, found(rtevent.Strong, "ssh", "OpenSSH", "9")},
		{plain, found(rtevent.Weak, "ssh", "Dropbear", "9.2p1")},
		{plain, found(rtevent.Weak, "ftp", "OpenSSH", "9.2p1")},
		{plain, found(rtevent.None)},
		{inside, found(rtevent.Strong, "tls")}, // names nothing
		{server{}, found(rtevent.Strong, "ssh")},
		{server{}, found(rtevent.None)},
	}}
	type by = map[rtevent.Confidence]count
	want := scores{
		{there: 6, by: by{rtevent.Strong: {3, 2}, rtevent.Weak: {2, 1}, rtevent.None: {}}},
		{there: 6, by: by{rtevent.Strong: {2, 2}, rtevent.Weak: {2, 0}, rtevent.None: {}}},
		{there: 6, by: by{rtevent.Strong: {2, 1}, rtevent.Weak: {2, 0}, rtevent.None: {}}},
	}
	if diff := cmp.Diff(want, r.score(), cmp.AllowUnexported(score{}, count{})); diff != "" {
		t.Errorf("want and got differ (-want +got):\n%s", diff)
	}
	if got := r.score().strongest(); got != 0.5 {
		t.Errorf("the lowest precision of strong answers is %v, want 0.5", got)
	}
	var wrong []int
	for i, a := range r.answers {
		if a.wrong() {
			wrong = append(wrong, i)
		}
	}
	if want := []int{1, 2, 3, 6}; !slices.Equal(wrong, want) {
		t.Errorf("wrong are %v, want %v", wrong, want)
	}
}

// TestAsk asks four servers in every setting and reads the report.
func TestAsk(t *testing.T) {
	secure, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	recordings, err := recordedServers(recorded, secure)
	if err != nil {
		t.Fatal(err)
	}
	alike, err := lookAlikes(recorded+"/negative", secure)
	if err != nil {
		t.Fatal(err)
	}
	var servers []server
	for _, s := range append(recordings, alike...) {
		switch s.name {
		case "ssh-openssh-9.2", "imap-dovecot-2.3-tls", "minecraft-node-1.16", "264-zeros":
			servers = append(servers, s)
		}
	}
	servers = append(servers, server{
		name: "a liar", kind: live, over: transcript.TCP,
		start: talking(transcript.TCP, secure, constant("SSH-2.0-OpenSSH_9.2p1\r\n")),
	})
	results, err := askAll(t.Context(), servers, secure)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	report(&out, results)
	for _, want := range []string{
		"On an odd port: 2 recorded servers of 2 protocols, 1 look-alikes, 1 servers made of rules\n",
		"left out: 1 " + notHeard + "\n", // Minecraft is asked for at its own port only
		"On the usual port: 3 recorded servers of 3 protocols\n",
		"wrong: a liar is (nothing), and was found to be ssh OpenSSH 9.2p1 (strong)\n",
		`wait         SSH identification string: "SSH-2.0-OpenSSH_9.2p1"`,
		"  protocol       3        3      3    100.0 %  100.0 %",
		"  (nothing)        ssh              strong      1  a liar\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestOddPort holds that the odd port points to nobody.
func TestOddPort(t *testing.T) {
	for _, d := range protocol.All {
		if slices.Contains(d.Ports, oddPort) || slices.Contains(d.SecurePorts, oddPort) {
			t.Errorf("%d is a usual port of %s", oddPort, d.Name)
		}
	}
}

// TestQuoted holds that quoting makes no protocol: every recorded reply in a page, in a line of JSON, in a log, and behind
// the words of a program of one's own.
func TestQuoted(t *testing.T) {
	all, names, err := transcripts(recorded)
	if err != nil {
		t.Fatal(err)
	}
	quotes := map[string]func(string) string{
		"a page": func(s string) string {
			return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><pre>" + html.EscapeString(s) + "</pre></body></html>\n"
		},
		"a page without a head": func(s string) string { return "<html><body><pre>" + html.EscapeString(s) + "</pre></body></html>\n" },
		"JSON":                  func(s string) string { return `{"level":"error","upstream":"` + s + `"}` + "\n" },
		"a log": func(s string) string {
			return "Nov 22 10:00:00 host proxy[412]: upstream said: " + strings.ReplaceAll(s, "\n", "\nNov 22 10:00:00 host proxy[412]: ") + "\n"
		},
		"an error": func(s string) string { return "ERROR bad answer from upstream: " + s },
	}
	for _, name := range names {
		for where, quote := range quotes {
			for _, f := range protocol.Read(quote(all[name].Reply())) {
				if f.Protocol != "http" || where != "a page" || f.Product != "" {
					t.Errorf("%s, quoted in %s, is read as %s %q %q (%s)", name, where, f.Protocol, f.Product, f.Version, f.Confidence)
				}
			}
		}
	}
}
