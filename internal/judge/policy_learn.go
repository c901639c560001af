// A policy written from what runs now.

package judge

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"rtevent"
)

// Learn writes a policy that allows what listens now, and nothing that it could do without. It names what survives a
// restart: programs, packages and units, never process ids. The same host gives the same text, in the order of ports.
func Learn(host string, listeners []rtevent.Listener) []byte {
	var rules []learned
	for _, l := range listeners {
		if !l.LikelyClient {
			rules = append(rules, learn(l))
		}
	}
	rules = merge(rules)
	var b strings.Builder
	fmt.Fprintf(&b, "# What may listen on %s, as it was when this was learned. Read it before you trust it.\n", quoted(host))
	b.WriteString("# `rtevent check --policy FILE` holds the host against it; add `required: true`, `reason:` and `expires:` by hand.\n")
	b.WriteString("policy: 1\nallow:")
	if len(rules) == 0 {
		b.WriteString(" []\n")
		return []byte(b.String())
	}
	b.WriteString("\n")
	for _, r := range rules {
		r.write(&b)
	}
	return []byte(b.String())
}

// learned is a rule to be written, with what a reader should know of it.
type learned struct {
	Rule
	port     uint16
	comments []string
}

func learn(l rtevent.Listener) learned {
	r := learned{port: l.Port}
	r.Port, r.Scope = l.PortName(), l.Scope
	if kernelChose(l) {
		r.Port = fmt.Sprintf("%d-%d/%s", ephemeralFirst, ephemeralLast, l.Transport)
		r.comments = append(r.comments, "the kernel seems to have chosen its port: it may be another one after a restart")
	}
	if f := l.Finding; f != nil && f.Confidence == rtevent.Strong && identified(f) {
		r.Protocol = r.Protocol.with(f.Protocol)
	}
	for _, o := range principals(l.Holders) {
		r.learnOwner(o)
	}
	if v := l.Verdict; v != nil {
		for _, s := range v.Signals {
			if s.Severity == rtevent.Medium || s.Severity == rtevent.High {
				r.comments = append(r.comments, "look at this first: "+s.Why)
			}
		}
	}
	return r
}

// learnOwner writes down one holder.
func (r *learned) learnOwner(o *rtevent.Owner) {
	if o.Activates != "" {
		r.Unit = r.Unit.with(o.Activates)
		r.comments = append(r.comments, o.Name+" starts it when somebody connects")
		return
	}
	if strings.HasSuffix(o.Unit, ".service") {
		r.Unit = r.Unit.with(o.Unit)
	}
	r.User = r.User.with(userName(o))
	if o.Unseen != "" {
		r.comments = append(r.comments, "who holds it could not be seen: "+o.Unseen)
		return
	}
	program := o.Exe
	if p := o.Program; o.Hosts() && path.IsAbs(p.Path) {
		program = p.Path
	}
	r.Program = r.Program.with(program)
	if p := o.Provider(); p != nil {
		r.Package = r.Package.with(p.Name)
	}
	if c := o.Container; c != nil {
		r.Container = r.Container.with(c.Name)
	}
}

// with adds a pattern that means this very text.
func (p Patterns) with(text string) Patterns {
	pattern := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(text)
	if text == "" || slices.Contains(p, pattern) {
		return p
	}
	p = append(p, pattern)
	slices.Sort(p)
	return p
}

func userName(o *rtevent.Owner) string {
	if o.User == "" && o.UID != nil {
		return strconv.FormatUint(uint64(*o.UID), 10)
	}
	return o.User
}

// The range that Linux picks ports from when a program does not ask for one.
const ephemeralFirst, ephemeralLast = 32768, 60999

// kernelChose guesses whether the port is another one after a restart: it lies in the kernel's range, nobody is known to
// use it by default, and the command line does not name it.
func kernelChose(l rtevent.Listener) bool {
	if l.Port < ephemeralFirst || l.Port > ephemeralLast || l.Claim != nil && l.Claim.Name != "" {
		return false
	}
	if l.Verdict != nil && l.Verdict.Label == rtevent.AsPractised {
		return false
	}
	number := strconv.Itoa(int(l.Port))
	return !slices.ContainsFunc(l.Holders, func(o rtevent.Owner) bool {
		return slices.ContainsFunc(o.Cmdline, func(arg string) bool { return strings.Contains(arg, number) })
	})
}

// merge makes one rule of those that differ in scope only, as of a server with two addresses, and sorts them.
func merge(rules []learned) []learned {
	slices.SortStableFunc(rules, func(a, b learned) int {
		return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.String(), b.String()))
	})
	var merged []learned
	at := map[string]int{}
	for _, r := range rules {
		same := r.Rule
		same.Scope = ""
		key := same.String()
		i, known := at[key]
		if !known {
			at[key] = len(merged)
			merged = append(merged, r)
			continue
		}
		if width(r.Scope) > width(merged[i].Scope) {
			merged[i].Scope = r.Scope
		}
		for _, c := range r.comments {
			if !slices.Contains(merged[i].comments, c) {
				merged[i].comments = append(merged[i].comments, c)
			}
		}
	}
	return merged
}

func (r learned) write(b *strings.Builder) {
	for _, c := range r.comments {
		fmt.Fprintf(b, "  # %s\n", quoted(c))
	}
	before := "  - "
	for _, f := range []struct {
		key    string
		values Patterns
	}{
		{"port", Patterns{r.Port}}, {"scope", Patterns{string(r.Scope)}}, {"program", r.Program}, {"package", r.Package},
		{"unit", r.Unit}, {"container", r.Container}, {"user", r.User}, {"protocol", r.Protocol},
	} {
		if len(f.values) > 0 {
			fmt.Fprintf(b, "%s%s: %s\n", before, f.key, f.values.yaml())
			before = "    "
		}
	}
}

// yaml writes one pattern as it is and several as a list.
func (p Patterns) yaml() string {
	items := make([]string, len(p))
	for i, pattern := range p {
		items[i] = scalar(pattern)
	}
	if len(items) == 1 {
		return items[0]
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// scalar writes a text as YAML, without quotes where it means itself. The words are those that YAML takes for something else.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return strconv.Quote(s)
	}
	first := strings.IndexByte(plainFirst, s[0]) >= 0 || strings.HasSuffix(s, "/tcp") || strings.HasSuffix(s, "/udp")
	if first && strings.Trim(s, plainRest) == "" {
		return s
	}
	return yamlQuote(s)
}

// The characters that a text may begin with and consist of that needs no quotes.
const (
	plainFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/_"
	plainRest  = plainFirst + "0123456789.+@-"
)

// yamlQuote writes a text in double quotes, with the escapes that YAML knows.
func yamlQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoted makes a text safe for a comment: one line, nothing invisible.
func quoted(s string) string {
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
