package cli

import (
	"encoding/xml"
	"io"

	"rtevent"
	"rtevent/internal/judge"
	"rtevent/internal/words"
)

// The part of JUnit's XML that CI servers read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitFailure `xml:"failure"`
		Skipped *junitFailure `xml:"skipped"`
	}
	junitFailure struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
	}
)

// writeJUnit writes a report as JUnit XML: a test case for each listener, for each rule that requires one, and for each
// that has expired. What cannot be decided counts as skipped.
func writeJUnit(out io.Writer, r report) error {
	suite := junitSuite{Name: "rtevent check"}
	for _, l := range r.Allowed {
		suite.Cases = append(suite.Cases, junitCase{Class: "listener", Name: caseName(l)})
	}
	for _, rule := range r.Met {
		suite.Cases = append(suite.Cases, junitCase{Class: "rule", Name: words.Printable(rule.String())})
	}
	for _, d := range r.Deviations {
		c := junitCase{Class: "rule"}
		if d.Listener != nil {
			c.Class, c.Name = "listener", caseName(*d.Listener)
		} else {
			c.Name = words.Printable(d.Rule.String())
		}
		failure := &junitFailure{Type: string(d.Kind), Message: deviant(d) + ": " + words.Printable(d.Why)}
		if d.Kind == judge.Undecided {
			failure.Type = ""
			c.Skipped = failure
			suite.Skipped++
		} else {
			c.Failure = failure
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(junitSuites{Tests: suite.Tests, Failures: suite.Failures, Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// caseName names a listener in the same way in every run.
func caseName(l rtevent.Listener) string { return words.Printable(words.Endpoint(l)) }
