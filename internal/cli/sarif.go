package cli

import (
	"encoding/json"
	"io"
	"path/filepath"
	"strings"

	"rtevent/internal/judge"
	"rtevent/internal/words"
)

// The part of SARIF 2.1.0 that a check fills, by the names of its schema.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
)

// deviationKinds lists the kinds with what each says and how grave it is in SARIF's words.
var deviationKinds = []struct {
	kind  judge.DeviationKind
	says  string
	level string
}{
	{judge.NotAllowed, "A listener that no rule of the policy allows", "error"},
	{judge.Hidden, "A listener that the kernel does not list", "error"},
	{judge.Missing, "A required listener that is not there", "error"},
	{judge.Expired, "A rule that has expired", "warning"},
	{judge.Undecided, "A listener of which too little is known", "warning"},
}

// writeSARIF writes a report as SARIF 2.1.0. Results lie in the policy: at the rule, or at its head for what no rule
// allows; the listener is the logical location.
func writeSARIF(out io.Writer, r report) error {
	driver := sarifDriver{Name: "rtevent", Version: version()}
	index := map[judge.DeviationKind]int{}
	for i, k := range deviationKinds {
		index[k.kind] = i
		driver.Rules = append(driver.Rules, sarifRule{string(k.kind), sarifText{k.says}})
	}
	results := []sarifResult{}
	for _, d := range r.Deviations {
		result := sarifResult{
			RuleID: string(d.Kind), RuleIndex: index[d.Kind], Level: deviationKinds[index[d.Kind]].level,
			Message:      sarifText{deviant(d) + ": " + words.Printable(d.Why)},
			Fingerprints: map[string]string{"rtevent/1": fingerprint(d)},
		}
		location := sarifLocation{Physical: sarifPhysical{sarifArtifact{policyURI(r)}, sarifRegion{1}}}
		if d.Rule != nil {
			location.Physical.Region.StartLine = d.Rule.Line
		} else {
			location.Logical = []sarifLogical{{d.Listener.PortName(), "resource"}}
		}
		result.Locations = []sarifLocation{location}
		results = append(results, result)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{sarifTool{driver}, results}},
	})
}

// policyURI is the policy's file as a relative reference, as far as it is one.
func policyURI(r report) string {
	if r.policy == nil {
		return "policy"
	}
	name := filepath.ToSlash(r.policy.File)
	return strings.NewReplacer("%", "%25", " ", "%20", "#", "%23", "?", "%3F").Replace(name)
}

// fingerprint is the same for the same deviation in every run: no process ids.
func fingerprint(d judge.Deviation) string {
	if d.Rule != nil {
		return string(d.Kind) + " " + d.Rule.String()
	}
	name := ""
	if len(d.Listener.Holders) > 0 {
		name = d.Listener.Holders[0].Exe
	}
	return string(d.Kind) + " " + d.Listener.PortName() + " " + d.Listener.Address.String() + " " + name
}
