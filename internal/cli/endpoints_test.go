package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"rtevent"
	"rtevent/internal/iana"
	"rtevent/internal/probe"
)

// outside is a small network as it would be reported.
func outside() []probe.Result {
	at := func(target, address string, port uint16, state rtevent.State, why string, f *rtevent.Finding, claim rtevent.Claim, v *rtevent.Verdict) probe.Result {
		e := rtevent.Endpoint{Target: target, Address: netip.MustParseAddr(address), Transport: rtevent.TCP, Port: port, State: state, Why: why,
			Claim: &claim, Finding: f, Verdict: v}
		return probe.Result{Endpoint: e, Listed: true}
	}
	ssh := at("192.0.2.7", "192.0.2.7", 22, rtevent.Open, "",
		&rtevent.Finding{Protocol: "ssh", Product: "OpenSSH", Version: "9.2p1", Confidence: rtevent.Strong},
		rtevent.Claim{Name: "ssh", Level: rtevent.Standard}, &rtevent.Verdict{Label: rtevent.AsRegistered})
	web := at("db-of-the-house.example.com", "2001:db8::1", 8443, rtevent.Open, "",
		&rtevent.Finding{Protocol: "http", Product: "evil\x1b[2J", TLS: &rtevent.TLS{Version: "1.3"}, Confidence: rtevent.Weak},
		rtevent.Claim{Name: "pcsync-https", Level: rtevent.Ghost}, &rtevent.Verdict{Label: rtevent.Mislabelled})
	silent := at("192.0.2.7", "192.0.2.7", 3706, rtevent.Open, "",
		&rtevent.Finding{Behaviour: rtevent.Silent, Confidence: rtevent.None},
		rtevent.Claim{Name: "rt-event", Level: rtevent.Ghost}, &rtevent.Verdict{Label: rtevent.Unidentified})
	filtered := at("192.0.2.7", "192.0.2.7", 81, rtevent.Filtered, "no answer", nil, rtevent.Claim{}, nil)
	uncounted := probe.Result{Endpoint: rtevent.Endpoint{Target: "192.0.2.7", Address: ssh.Address, Transport: rtevent.TCP, Port: 9, State: rtevent.Closed, Why: "refused"}}
	everywhere := probe.Result{Listed: true, Endpoint: rtevent.Endpoint{Target: "192.0.2.8", Address: netip.MustParseAddr("192.0.2.8"),
		Transport: rtevent.TCP, State: rtevent.Open, AnswersEverywhere: true}}
	return []probe.Result{ssh, web, silent, filtered, uncounted, everywhere}
}

func totalOf(results []probe.Result) probeTotal {
	total := probeTotal{Hosts: 3, TookMS: 1234}
	for _, r := range results {
		total.add(r)
	}
	return total
}

func renderProbe(t *testing.T, width int) string {
	t.Helper()
	var b strings.Builder
	table := newProbeTable(screen{Writer: &b, width: width}, iana.Embedded(), false)
	for _, r := range outside() {
		table.row(r)
	}
	if err := table.end(totalOf(outside())); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestProbeTableAt80Columns(t *testing.T) {
	want := `TARGET          PORT      STATE    SPEAKS               CLAIMED  VERDICT
192.0.2.7       22/tcp    open     ssh OpenSSH 9.2p1    ssh      as registered
db-of-the-hous… 8443/tcp  open     http evil\x1b[2J     pcsync…* mislabelled
192.0.2.7       3706/tcp  open     - accepts, is silent rt-eve…* unidentified
192.0.2.7       81/tcp    filtered - no answer          -        -
192.0.2.8       all/tcp   open     - accepts on ports … -        -
`
	got := renderProbe(t, 80)
	if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := "3 hosts, 5 ports: 3 open (2 identified (1 mislabelled), 1 unidentified), 1\nclosed, 1 filtered. 1 host accepts on every port"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// TestProbeTableWidths holds at every width of a terminal: nothing is wider and nothing is raw.
func TestProbeTableWidths(t *testing.T) {
	for width := 80; width <= 240; width++ {
		for line := range strings.Lines(renderProbe(t, width)) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > width || strings.Contains(line, "\x1b") {
				t.Fatalf("at %d columns a line has %d: %q", width, n, line)
			}
		}
	}
}

// TestProbeTableStreams holds that a row is there as soon as it is known, and whole, also where there is no terminal.
func TestProbeTableStreams(t *testing.T) {
	var b strings.Builder
	table := newProbeTable(screen{Writer: &b}, iana.Embedded(), false)
	table.row(outside()[1])
	if !strings.Contains(b.String(), "db-of-the-house.example.com 8443/tcp") || !strings.Contains(b.String(), `evil\x1b[2J, TLS 1.3, weak`) {
		t.Errorf("got %q", b.String())
	}
}

func TestProbeJSON(t *testing.T) {
	var b bytes.Buffer
	out := &jsonEndpoints{out: &b}
	for _, r := range outside() {
		out.row(r)
	}
	if err := out.end(totalOf(outside())); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for d := json.NewDecoder(&b); d.More(); {
		var line struct {
			Schema, Kind string
			State        rtevent.State
		}
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, line.Schema+" "+line.Kind+" "+string(line.State))
	}
	want := []string{"rtevent/1 endpoint open", "rtevent/1 endpoint open", "rtevent/1 endpoint open", "rtevent/1 endpoint filtered", "rtevent/1 host open", "rtevent/1 summary "}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProbeOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		total probeTotal
		want  int
	}{
		"fine":        {probeTotal{Hosts: 1, Ports: 2, Open: 1}, exitFine},
		"scrutiny":    {probeTotal{Hosts: 1, Ports: 2, Open: 1, verdicts: verdicts{Scrutiny: 1}}, exitScrutiny},
		"nothing":     {probeTotal{Hosts: 1, Ports: 2, Closed: 2}, exitNothing},
		"denied":      {probeTotal{Hosts: 1, Ports: 2, Filtered: 2, denied: 2}, exitPermission},
		"partly":      {probeTotal{Hosts: 1, Ports: 2, Filtered: 2, denied: 1}, exitNothing},
		"no targets":  {probeTotal{}, exitBadInput},
		"malformed":   {probeTotal{Hosts: 1, Ports: 1, Open: 1, Errors: 1}, exitBadInput},
		"interrupted": {probeTotal{Hosts: 1, Ports: 1, Open: 1, Errors: 1, Interrupted: true}, exitInternal},
	} {
		got := exitFine
		if err := c.total.outcome(); err != nil {
			got = exitCode(err)
		}
		if got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
}

// TestProbeTellsBrokenOutput holds that a full disk is told.
func TestProbeTellsBrokenOutput(t *testing.T) {
	x, err := newXMLOutput("-", broken{})
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []output{newProbeTable(screen{Writer: broken{}}, iana.Embedded(), false), &jsonEndpoints{out: broken{}}, x} {
		for _, r := range outside() {
			out.row(r)
		}
		if err := out.end(probeTotal{}); !errors.Is(err, errFull) {
			t.Errorf("%T: got %v, want %v", out, err, errFull)
		}
	}
}

// nmapDTD is what nmap's output has to obey, where Debian's package nmap-common puts it.
const nmapDTD = "/usr/share/nmap/nmap.dtd"

// TestNmapXML validates what is written against nmap's own definition, and lets ndiff read it.
func TestNmapXML(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scan.xml")
	x, err := newXMLOutput(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range outside() {
		x.row(r)
	}
	if err := x.end(totalOf(outside())); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<service name="ssh" product="OpenSSH" version="9.2p1" method="probed" conf="10">`, `<cpe>cpe:/a:openbsd:openssh:9.2p1</cpe>`,
		`<service name="rt-event" method="table" conf="3">`, `<service name="http" product="evil\x1b[2J" tunnel="ssl" method="probed" conf="5">`,
		`<hostname name="db-of-the-house.example.com" type="user">`, `<extraports state="closed" count="1">`, `services="9,22,81,3706,8443"`,
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	need(t, "xmllint", "libxml2-utils")
	if _, err := os.Stat(nmapDTD); err != nil {
		missing(t, nmapDTD, "nmap-common")
	}
	if out, err := exec.Command("xmllint", "--noout", "--dtdvalid", nmapDTD, file).CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v\n%s\n%s", err, out, text)
	}
	need(t, "ndiff", "ndiff")
	if out, err := exec.Command("ndiff", "--text", file, file).CombinedOutput(); err != nil {
		t.Errorf("ndiff: %v\n%s", err, out)
	}
}

// need skips a test that cannot do without a program; `make test` installs them and does not let it be skipped.
func need(t *testing.T, program, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program, pkg)
	}
}

func missing(t *testing.T, what, pkg string) {
	t.Helper()
	if os.Getenv("TESTBED") == "required" {
		t.Fatalf("%s is missing: install %s", what, pkg)
	}
	t.Skipf("%s is missing: install %s", what, pkg)
}
