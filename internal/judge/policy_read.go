// The policy's form: YAML that people write by hand, with a line number for each mistake.

package judge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rtevent"
)

// The bounds of a policy.
const (
	PolicyBytes = 1 << 20
	policyRules = 10_000
)

// ReadPolicy reads a policy. The name of the file is for the messages: each names it, the line, and what is allowed.
func ReadPolicy(file string, text []byte) (*Policy, error) {
	if len(text) > PolicyBytes {
		return nil, fmt.Errorf("read policy %s: larger than %d bytes", file, PolicyBytes)
	}
	p := &Policy{File: file}
	err := p.read(yaml.NewDecoder(bytes.NewReader(text)))
	var m *mistake
	switch {
	case errors.As(err, &m):
		return nil, fmt.Errorf("read policy %s line %d: %s", file, m.line, m.what)
	case err != nil:
		return nil, fmt.Errorf("read policy %s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return p, nil
}

// noMore holds that nothing follows: rules behind a line of dashes would seem to count.
func noMore(decoder *yaml.Decoder) error {
	var more yaml.Node
	switch err := decoder.Decode(&more); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return wrong(&more, "a second document begins: want all rules in one")
}

// mistake is what is wrong on a line.
type mistake struct {
	line int
	what string
}

func (m *mistake) Error() string { return m.what }

func wrong(n *yaml.Node, format string, args ...any) error {
	return &mistake{max(n.Line, 1), fmt.Sprintf(format, args...)}
}

func (p *Policy) read(decoder *yaml.Decoder) error {
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) == 0 {
		return wrong(&document, "it is empty: want `allow:` and a list of rules")
	}
	if err := noMore(decoder); err != nil {
		return err
	}
	return eachKey(document.Content[0], func(key string, value *yaml.Node) error {
		switch key {
		case "policy":
			if value.Value != "1" {
				return wrong(value, "policy: this rtevent reads version 1, not %q", value.Value)
			}
			return nil
		case "allow":
			return p.readRules(value)
		}
		return errUnknown
	}, "policy, allow")
}

// errUnknown is what the reader of a key answers for one that it does not know.
var errUnknown = errors.New("unknown key")

// eachKey hands over the keys of a mapping, each once.
func eachKey(n *yaml.Node, read func(key string, value *yaml.Node) error, allowed string) error {
	if n.Kind != yaml.MappingNode {
		return wrong(n, "want keys and values, of these keys: %s", allowed)
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if slices.Contains(seen, key.Value) {
			return wrong(key, "%q is given twice", key.Value)
		}
		seen = append(seen, key.Value)
		if err := read(key.Value, value); errors.Is(err, errUnknown) {
			return wrong(key, "there is no key %q; the keys are %s", key.Value, allowed)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) readRules(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // nothing may listen
	}
	if n.Kind != yaml.SequenceNode {
		return wrong(n, "allow: want a list of rules, each after a dash")
	}
	if len(n.Content) > policyRules {
		return wrong(n, "allow: %d rules are more than %d", len(n.Content), policyRules)
	}
	for _, item := range n.Content {
		r := Rule{Line: item.Line}
		if err := eachKey(item, r.set, ruleKeys); err != nil {
			return err
		}
		if r.String() == "anything" {
			return wrong(item, "a rule without any condition would allow everything; the conditions are %s", ruleKeys)
		}
		p.Rules = append(p.Rules, r)
	}
	return nil
}

// ruleKeys lists the keys of a rule, for whoever mistook one.
const ruleKeys = "port, transport, scope, address, program, package, unit, container, user, protocol, required, reason, expires"

// set reads one key of a rule.
func (r *Rule) set(key string, value *yaml.Node) error {
	if key == "port" {
		return r.setPorts(value)
	}
	patterns := map[string]*Patterns{
		"program": &r.Program, "package": &r.Package, "unit": &r.Unit, "container": &r.Container, "user": &r.User, "protocol": &r.Protocol,
	}
	if to := patterns[key]; to != nil {
		return to.read(key, value)
	}
	if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
		return wrong(value, "%s: want a single value", key)
	}
	return r.setOther(key, value.Value, value)
}

// read reads one pattern or a list of them.
func (p *Patterns) read(key string, n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 {
		return wrong(n, "%s: the list is empty", key)
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" || item.Value == "" {
			return wrong(item, "%s: want a text, or a list of texts", key)
		}
		if _, err := path.Match(item.Value, ""); err != nil {
			return wrong(item, "%s: %q is no pattern: * stands for any text without a slash, ? for a character, [ab] for one of them, \\ takes the next one as it is", key, item.Value)
		}
		*p = append(*p, item.Value)
	}
	return nil
}

func (r *Rule) setOther(key, text string, value *yaml.Node) (err error) {
	switch key {
	case "transport":
		r.Transport = rtevent.Transport(text)
		if r.Transport != rtevent.TCP && r.Transport != rtevent.UDP {
			err = wrong(value, "transport: %q is none: want tcp or udp", text)
		}
	case "scope":
		r.Scope = rtevent.Scope(text)
		if width(r.Scope) < 0 {
			err = wrong(value, "scope: %q is none: want loopback, interface (one address) or all; a narrower one is allowed too", text)
		}
	case "address":
		a, bad := netip.ParseAddr(text)
		if r.Address = a.String(); bad != nil {
			err = wrong(value, "address: %q is none: want one as in 127.0.0.1 or ::", text)
		}
	case "required":
		if r.Required, err = strconv.ParseBool(text); err != nil {
			err = wrong(value, "required: want true or false, not %q", text)
		}
	case "reason":
		r.Reason = text
	case "expires":
		if r.Expires, err = parseExpiry(text); err != nil {
			err = wrong(value, "expires: %q is no date: want the last day, as in 2027-12-31, or a time, as in 2027-12-31T18:00:00Z", text)
		}
	default:
		err = errUnknown
	}
	return err
}

// parseExpiry reads a time, or a day that still counts.
func parseExpiry(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Parse(time.RFC3339, text)
}

// setPorts reads ports: 22, 8000-9000, 53/udp, a list of them, or several with commas between them.
func (r *Rule) setPorts(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var written []string
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return wrong(item, "port: %s", wantPorts)
		}
		for text := range strings.SplitSeq(item.Value, ",") {
			text = strings.TrimSpace(text)
			ports, err := parsePorts(text)
			if err != nil {
				return wrong(item, "port: %q is none: %s", text, wantPorts)
			}
			r.Ports = append(r.Ports, ports)
			written = append(written, text)
		}
	}
	if len(r.Ports) == 0 {
		return wrong(n, "port: the list is empty: %s", wantPorts)
	}
	r.Port = strings.Join(written, ", ")
	return nil
}

const wantPorts = "want 22, 8000-9000 or 53/udp, or a list of these"

func parsePorts(text string) (Ports, error) {
	text, transport, named := strings.Cut(text, "/")
	p := Ports{Transport: rtevent.Transport(transport)}
	if named && p.Transport != rtevent.TCP && p.Transport != rtevent.UDP {
		return p, errors.New("no transport")
	}
	first, last, ranged := strings.Cut(text, "-")
	if !ranged {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	p.First, p.Last = uint16(a), uint16(b)
	if err1 != nil || err2 != nil || a == 0 || b < a {
		return p, errors.New("no range of ports")
	}
	return p, nil
}
