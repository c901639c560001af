package cli

import (
	"bytes"
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"rtevent"
	"rtevent/internal/judge"
)

// deviations is a report with one deviation of each kind, about names that no format should stumble over.
func deviations(t *testing.T) report {
	t.Helper()
	policy, err := judge.ReadPolicy("dir/my policy#1.yaml", []byte(`
allow:
  - {port: 22, reason: "administration <&>"}
  - {port: 5432, required: true}
  - {port: 9999, expires: 2026-01-01}
  - {port: 80, program: /srv/agent, required: true}
  - {port: 25, program: /usr/sbin/exim}
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(port uint16, o rtevent.Owner) rtevent.Listener {
		a := netip.MustParseAddr("127.0.0.1")
		return rtevent.Listener{Transport: rtevent.TCP, Address: a, Port: port, Scope: rtevent.Loopback, Holders: []rtevent.Owner{o}}
	}
	listeners := []rtevent.Listener{
		at(22, rtevent.Owner{PID: 1, Exe: "/usr/sbin/sshd"}),
		at(25, rtevent.Owner{Unseen: "needs CAP_SYS_PTRACE"}),
		at(80, rtevent.Owner{PID: 2, Exe: "/srv/agent"}),
		at(4444, rtevent.Owner{PID: 3, Exe: "/tmp/\x1b[31m<&>\"\xff"}),
	}
	return report{Holding: policy.Hold(listeners, time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)), policy: policy}
}

// sarifSchema is the schema of OASIS, as a library of others carries it.
func sarifSchema(t *testing.T) *gojsonschema.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && len(literal.Value) > len(text) {
			text = literal.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil {
		t.Fatal(err)
	}
	schema, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSARIF validates the output against the schema, which refuses what it does not know.
func TestSARIF(t *testing.T) {
	schema := sarifSchema(t)
	for name, r := range map[string]report{"deviations": deviations(t), "none": {policy: &judge.Policy{File: "p"}}} {
		var out bytes.Buffer
		if err := writeSARIF(&out, r); err != nil {
			t.Fatal(err)
		}
		for _, broken := range []bool{false, true} {
			text := out.String()
			if broken { // or the validation could not fail
				text = strings.Replace(text, `"driver"`, `"pilot"`, 1)
			}
			result, err := schema.Validate(gojsonschema.NewStringLoader(text))
			if err != nil || result.Valid() == broken {
				t.Errorf("%s: %v, broken %v: %v\n%s", name, err, broken, result.Errors(), text)
			}
		}
		if _, err := sarif.FromBytes(out.Bytes()); err != nil {
			t.Errorf("%s: another reader of SARIF: %v", name, err)
		}
	}
}

func TestSARIFSaysWhere(t *testing.T) {
	var out bytes.Buffer
	if err := writeSARIF(&out, deviations(t)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"dir/my%20policy%231.yaml"`, `"startLine": 4`, `"name": "4444/tcp"`, `"ruleId": "missing"`, `"level": "error"`, `"level": "warning"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

func TestJUnit(t *testing.T) {
	var out bytes.Buffer
	if err := writeJUnit(&out, deviations(t)); err != nil {
		t.Fatal(err)
	}
	var read junitSuites
	if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	suite := read.Suites[0]
	failed, skipped := map[string]string{}, 0
	for _, c := range suite.Cases {
		if c.Failure != nil {
			failed[c.Name] = c.Failure.Type
		}
		if c.Skipped != nil {
			skipped++
		}
	}
	if suite.Tests != 7 || suite.Failures != 3 || suite.Skipped != 1 || skipped != 1 || len(suite.Cases) != 7 ||
		failed["5432"] != "missing" || failed["9999"] != "expired" || failed["127.0.0.1:4444/tcp"] != "not-allowed" {
		t.Errorf("got %+v, failed %v\n%s", suite, failed, &out)
	}
}

func TestReportForPeople(t *testing.T) {
	var out bytes.Buffer
	r := deviations(t)
	r.write(screen{Writer: &out, width: 80})
	want := `? 25/tcp 127.0.0.1 unseen, needs CAP_SYS_PTRACE
    line 7 may allow it: its program is not known: needs CAP_SYS_PTRACE
+ 4444/tcp 127.0.0.1 <&>"\xff
    no rule allows this port
- 5432, line 4
    it is required, and nothing like it listens
! 9999, line 5
    it expired on 2026-01-01
4 listeners: 2 allowed, 1 not, 1 undecided; 1 of 2 required are there; 1 rule
expired.
`
	got := strings.ReplaceAll(out.String(), `\x1b[31m`, "")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if code := exitCode(r.outcome()); code != exitScrutiny {
		t.Errorf("exit code %d", code)
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return r == 0x1b }) {
			t.Errorf("a terminal escape came through: %q", line)
		}
	}
}
